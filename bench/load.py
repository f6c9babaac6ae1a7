"""What every benchmark shares: starting pixgate (release), load generators, CPU and PSS of a process tree, percentiles."""

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("PIXGATE_BINARY", str(ROOT / "build" / "release" / "pixgate"))
sys.path.insert(0, str(ROOT / "tests" / "faults"))
import rig  # noqa: E402  the same server handle as the fault tests


BUILD = Path(os.environ.get("PIXGATE_BENCH_BUILD", ROOT / "build" / "release"))


def start_pixgate(folder: Path | None = None, **env) -> rig.Server:
    """On `folder`, or on a new one."""
    folder = folder or Path(tempfile.mkdtemp(prefix="pixgate-bench-", dir=os.environ.get("PIXGATE_BENCH_DIR"))) / "data"
    limits = {
        "PIXGATE_API_SERVER_REQUESTS_PER_SECOND": "1000000", "PIXGATE_API_SERVER_REQUEST_BURST": "1000000",
        "PIXGATE_API_MAX_OPEN_UPLOADS_PER_SERVER": "0", "PIXGATE_LOG_LEVEL": "warning"}
    return rig.Server(folder, env={**limits, **env})


def remove(server: rig.Server) -> None:
    """Stops it, and what it kept goes."""
    server.stop()
    shutil.rmtree(server.data_dir.parent, ignore_errors=True)


@contextlib.contextmanager
def on_core(core: int | None):
    """What is started inside runs on this core only; None: anywhere."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin_tree(pid: int, core: int) -> None:
    for p in tree(pid):
        for thread in os.listdir(f"/proc/{p}/task"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), {core})


def tree(pid: int) -> list[int]:
    out = [pid]
    for child in Path(f"/proc/{pid}/task").glob("*/children"):
        for c in child.read_text().split():
            out += tree(int(c))
    return sorted(set(out))


def pss_mib(pid: int) -> float:
    total = 0
    for p in tree(pid):
        text = Path(f"/proc/{p}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", text, re.M).group(1))
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """Of the process and all below it, to the nanosecond; of children that have ended in ticks of 10 ms, as the kernel tells."""
    total = 0.0
    for p in tree(pid):
        total += time.clock_gettime(~p << 3 | 2)  # CPUCLOCK_SCHED of a process, as clock_getcpuclockid() makes it
        fields = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return total


def percentile(values: list[float], p: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(p / 100 * len(ordered)))]


def wrk(url: str, script: Path | None, connections: int, seconds: int, env: dict | None = None,
        headers: dict | None = None, core: int | None = None) -> dict:
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "30s"]
    if script:
        command += ["-s", str(script)]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    with on_core(core):
        out = subprocess.run([*command, url], capture_output=True, text=True, check=True,
                             env=dict(os.environ, **(env or {}))).stdout

    def ms(label: str) -> float:
        found = re.search(rf"{label}\s+([\d.]+)(us|ms|s)", out)
        return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]

    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    sockets = re.search(r"Socket errors: (.*)", out)
    said = re.sub(r"Bearer \S+", "Bearer KEY", " ".join([*command, url]))
    return {"command": said.replace(f"{ROOT}/", ""),
            "requests": int(re.search(r"(\d+) requests in", out)[1]),
            "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            "p50_ms": ms("50%"), "p99_ms": ms("99%"), "errors": int(errors[1]) if errors else 0,
            "socket_errors": sockets[1] if sockets else ""}


def get(url: str, headers: dict | None = None) -> tuple[bytes, dict]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
        return answer.read(), dict(answer.headers)


def upload(server, picture: bytes, content_type: str) -> str:
    _, permission = server.json("POST", "/v1/uploads", {
        "filename": "bench", "content_type": content_type, "size_bytes": len(picture)})
    assert server.send(permission["original"], picture) == 200
    path = f"/v1/images/{permission['image_id']}"
    rig.wait_for(lambda: server.json("GET", path)[1]["state"] == "ready", 60, "the picture is ready")
    return permission["image_id"]


def links(server, image_id: str, transforms: list[str]) -> list[str]:
    status, answer = server.json("POST", f"/v1/images/{image_id}/links", {"transforms": transforms})
    assert status == 200, answer
    return [link["url"] for link in answer["links"]]


def fetch_list(urls: list[str], connections: int) -> dict:
    """Each URL once, so many at a time on kept connections, by fetch_list.cpp; every request is waited for to its end."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(urls) + "\n")
        file.flush()
        command = [str(BUILD / "fetch_list"), file.name, str(connections)]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return {**json.loads(out.stdout), "command": f"fetch_list {len(urls)} URLs such as {urls[0]}, {connections} connections"}


def hits(url: str, connections: int, seconds: int, headers: dict, core: int) -> dict:
    """One hot URL by hit_load.cpp, which costs a third of what wrk does: bodies are dropped by the kernel."""
    parts = urllib.parse.urlsplit(url)
    command = [str(BUILD / "hit_load"), parts.hostname, str(parts.port), f"{parts.path}?{parts.query}".rstrip("?"),
               str(connections), str(seconds), *(f"{name}: {value}" for name, value in headers.items())]
    with on_core(core):
        out = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    assert out.returncode == 0, out.stderr
    return {**json.loads(out.stdout), "socket_errors": "", "command": " ".join(["hit_load", *command[1:]])}


class PeakMemory:
    """Largest PSS of a process tree while the block runs, looked at every so many seconds."""

    def __init__(self, pid: int, interval: float = 0.1):
        self.pid, self.interval, self.peak_mib, self.is_over = pid, interval, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while True:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, AttributeError):
                self.peak_mib = max(self.peak_mib, pss_mib(self.pid))
            if self.is_over.wait(self.interval):
                return

    def __enter__(self) -> "PeakMemory":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        self.thread.join()


def summary(rounds: list[dict], key: str) -> dict:
    values = [r[key] for r in rounds]
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(above: list[dict], below: list[dict], key: str) -> dict:
    """Ratio of the medians; the ratios of each pair of rounds taken in turn tell the spread."""
    pairs = [a[key] / b[key] for a, b in zip(above, below)]
    medians = statistics.median(r[key] for r in above) / statistics.median(r[key] for r in below)
    return {"median": medians, "min": min(pairs), "max": max(pairs)}


def load_average() -> list[float]:
    return list(os.getloadavg())


def write_result(name: str, result: dict) -> None:
    result["at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    result["cores"] = os.cpu_count()
    path = ROOT / "bench" / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{name}: {json.dumps(result, indent=2)}")
