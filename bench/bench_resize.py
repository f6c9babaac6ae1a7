"""A size made on the fly, over HTTP: pixgate from its renditions beside sharp, ipx, weserv and nginx image_filter, which start
from the 12-megapixel original each time. JPEG and WebP at quality 80, 320 and 800 px wide, 8 and 64 requests at a time. Nothing
is answered from memory on any side: each of our URLs has a height of its own that does not bind, so that the same picture is
made anew; ours also keeps each result in its store, which the rivals do not. CPU per request (whole process tree) first. Then
our peak memory where the original has 12, 48 and 100 megapixels. weserv is no package: PIXGATE_BENCH_WESERV names an nginx that
has its module built in."""

import json
import os
import shutil

import load
import pictures
import servers

CASES = (("jpeg", 320), ("jpeg", 800), ("webp", 320), ("webp", 800))
ROUNDS = 3
REQUESTS, RIVALS_REQUESTS = {8: 160, 64: 600}, {8: 64, 64: 200}
ROUNDS_OF = {"nginx image_filter": 1}  # five times slower than the others
CPU_GOALS = {"jpeg_320": 6, "jpeg_800": 3}
PEAK_GOAL_MIB = 80e6 / 2**20
RIVALS = load.ROOT / "bench" / "rivals"
PATHS = {"sharp": "{width}/{format}/{name}", "ipx": "w_{width},f_{format},q_80/{name}",
         "nginx image_filter": "{width}/{format}/{name}", "weserv": "{name}?w={width}&output={short}&q=80"}
SETTINGS = {
    "PIXGATE_EDGE_MEMORY_CACHE_BYTES": "0", "PIXGATE_EDGE_PIXELS_PER_SECOND_PER_CLIENT": "1000000000000",
    "PIXGATE_EDGE_MAX_WAITING": "10000", "PIXGATE_POLICY_MAX_PIXELS": "200000000", "PIXGATE_POLICY_MAX_BYTES": str(200 << 20)}
FILTER = """location ~ ^/(\\d+)/jpeg/(.*)$ {{ image_filter resize $1 -; image_filter_jpeg_quality 80; image_filter_buffer 64M;
  alias {root}/$2; }}"""


def node(name: str, root) -> servers.Rival | None:
    if not (RIVALS / "node_modules" / name).exists() or not shutil.which("node"):
        return None
    folder, port = servers.make_folder(), servers.free_port()
    package = (RIVALS / "node_modules" / name / "package.json").read_text()
    version = f"{name} {json.loads(package)['version']}, node {servers.version_of(['node', '--version'])}"
    return servers.Rival(name, ["node", str(RIVALS / f"{name}_server.mjs"), str(root), str(port)], folder, port, version)


class Ours:
    """Our URLs for one picture and case, none of them twice."""

    def __init__(self, server, photos: list[bytes]):
        self.server, self.used = server, {}
        self.ids = [load.upload(server, p, "image/jpeg") for p in photos]

    def urls(self, fmt: str, width: int, count: int) -> list[str]:
        first, many = self.used.get((fmt, width), 0), -(-count // len(self.ids))
        self.used[fmt, width] = first + many
        texts = [f"w={width},h={4096 - n},q=80,f={fmt}" for n in range(first, first + many)]
        by_image = []
        for image in self.ids:
            by_image.append([u for at in range(0, many, 32) for u in load.links(self.server, image, texts[at:at + 32])])
        return [url for one_of_each in zip(*by_image) for url in one_of_each][:count]


def urls_of(rival: servers.Rival, names: list[str], fmt: str, width: int, count: int) -> list[str]:
    path = PATHS[rival.name].format(width=width, format=fmt, short="jpg" if fmt == "jpeg" else fmt, name="{name}")
    return [f"{rival.base}/{path.format(name=names[i % len(names)])}" for i in range(count)]


def measure(pid: int, urls: list[str], connections: int) -> dict:
    before = load.cpu_seconds(pid)
    with load.PeakMemory(pid) as memory:
        r = load.fetch_list(urls, connections)
    # Of those that were answered: we refuse what has waited too long, the rivals let everybody wait.
    r["cpu_ms"] = (load.cpu_seconds(pid) - before) * 1000 / max(1, len(urls) - r["errors"])
    r["peak_mib"] = memory.peak_mib
    return r


def run_case(ours: Ours, rivals: list, names: list[str], fmt: str, width: int, connections: int) -> dict:
    rounds = {"pixgate": []} | {r.name: [] for r in rivals}
    for n in range(ROUNDS):
        urls = ours.urls(fmt, width, REQUESTS[connections])
        rounds["pixgate"].append(measure(ours.server.process.pid, urls, connections))
        for r in rivals:
            if can_make(r, fmt) and n < ROUNDS_OF.get(r.name, ROUNDS):
                urls = urls_of(r, names, fmt, width, RIVALS_REQUESTS[connections])
                rounds[r.name].append(measure(r.pid, urls, connections))
    out = {}
    for name, all_rounds in rounds.items():
        if all_rounds:
            out[name] = {k: load.summary(all_rounds, k) for k in ("cpu_ms", "per_second", "p50_ms", "p99_ms", "peak_mib")}
            out[name]["errors"] = sum(r["errors"] for r in all_rounds)
            out[name]["command"] = all_rounds[0]["command"]
            out[name]["times_cpu_of_pixgate"] = load.ratio(all_rounds, rounds["pixgate"], "cpu_ms")
            out[name]["times_p99_of_pixgate"] = load.ratio(all_rounds, rounds["pixgate"], "p99_ms")
    goal = CPU_GOALS.get(f"{fmt}_{width}")
    if goal and "sharp" in out:
        keys = {"cpu": "times_cpu_of_pixgate", **({"p99": "times_p99_of_pixgate"} if connections == 64 else {})}
        out["goals"] = {f"{k} of sharp at least {goal}": out["sharp"][key]["median"] >= goal for k, key in keys.items()}
        out["goals"]["peak under 80 MB"] = out["pixgate"]["peak_mib"]["max"] < PEAK_GOAL_MIB
    return out


def can_make(rival: servers.Rival, fmt: str) -> bool:
    return rival.name != "nginx image_filter" or fmt == "jpeg"


def quality_of(ours: Ours, rivals: list, names: list[str], photos: list[bytes], fmt: str, width: int) -> dict:
    try:
        import quality
    except ImportError:
        return {"skipped": "python3-numpy or python3-pil is not installed"}
    references, out = quality.References(), {}
    urls = {"pixgate": ours.urls(fmt, width, len(photos))}
    urls |= {r.name: urls_of(r, names, fmt, width, len(names)) for r in rivals if can_make(r, fmt)}
    for name, all_urls in urls.items():
        bodies = [load.get(u)[0] for u in all_urls]
        out[name] = quality.mean([references.score(p, b) for p, b in zip(photos, bodies)])
    return out


def memory_of(photo: bytes) -> dict:
    """A server of its own: its peak while the picture is looked at, and while 64 ask for sizes; and where there are no
    renditions, because only headers are checked."""
    out = {"photo_mb": len(photo) / 1e6}
    for verify in ("decode", "header"):
        server = load.start_pixgate(PIXGATE_POLICY_VERIFY=verify, **SETTINGS)
        pid, sizes = server.process.pid, {}
        try:
            sizes["idle_mib"] = load.pss_mib(pid)
            with load.PeakMemory(pid, 0.02) as memory:
                ours = Ours(server, [photo])
            sizes["upload_peak_mib"] = memory.peak_mib
            urls = ours.urls("jpeg", 800, 64)
            with load.PeakMemory(pid, 0.02) as memory:
                r = load.fetch_list(urls, 64)
            sizes |= {"sizes_c64_peak_mib": memory.peak_mib, "errors": r["errors"]}
            out["with_renditions" if verify == "decode" else "straight_from_the_original"] = sizes
        finally:
            load.remove(server)
    return out


def memory() -> dict:
    out = {"12mp": memory_of(pictures.photos_12mp()[0])}
    large = pictures.SHARED / "corpus" / "photos" / "mosaic-48mp.jpg"
    if large.exists():
        out["48mp"] = memory_of(large.read_bytes())
    if (RIVALS / "node_modules" / "sharp").exists():
        out["100mp"] = memory_of(pictures.make_jpeg(11_547, 8_660, 5))
    return out


def start_rivals(root) -> dict:
    program = os.environ.get("PIXGATE_BENCH_WESERV", "")
    weserv = servers.nginx("weserv", f"location / {{ root {root}; weserv filter; }}", workers=2, program=program) if program else None
    return {"sharp": node("sharp", root), "ipx": node("ipx", root), "weserv": weserv, "nginx image_filter": servers.nginx(
        "nginx image_filter", FILTER.format(root=root), workers=2, modules=("ngx_http_image_filter_module.so",))}


def main() -> None:
    root = servers.make_folder()
    photos = pictures.photos_12mp()
    names = [f"p{i}.jpg" for i in range(len(photos))]
    for name, photo in zip(names, photos):
        (root / name).write_bytes(photo)
    server, started = load.start_pixgate(**SETTINGS), start_rivals(root)
    skipped = [name for name, r in started.items() if r is None]
    for name in skipped:
        print(f"SKIPPED: {name} is not installed (script/setup --bench; weserv: PIXGATE_BENCH_WESERV)")
    rivals = [r for r in started.values() if r]
    result = {"what": __doc__.strip(), "photos": len(photos), "mean_photo_mb": sum(map(len, photos)) / len(photos) / 1e6,
              "skipped": skipped, "versions": {r.name: r.version for r in rivals}, "load_before": load.load_average()}
    try:
        ours = Ours(server, photos)
        for fmt, width in CASES:
            for connections in REQUESTS:
                result[f"{fmt}_{width}_c{connections}"] = run_case(ours, rivals, names, fmt, width, connections)
            result[f"{fmt}_{width}_quality"] = quality_of(ours, rivals, names, photos, fmt, width)
        result["peak_memory"] = memory()
        result["load_after"] = load.load_average()
        load.write_result("resize", result)
    finally:
        load.remove(server)
        for r in rivals:
            r.stop()
            shutil.rmtree(r.folder, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
