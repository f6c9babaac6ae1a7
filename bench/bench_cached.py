"""One cached picture of about 40 KB at 64 and at 512 keep-alive connections, every server on one core and the load
generator on another: pixgate beside nginx (static with sendfile; proxy_cache) and varnish, which serve the same bytes.
Then 304 answers to If-None-Match. CPU time of the server's processes per request is the main figure."""

import random
import shutil

import load
import pictures
import servers

ROUNDS, SECONDS, SERVER_CORE, CLIENT_CORE = 5, 3, 0, 1
WIDTHS = (320, 640, 960)
TARGET_BYTES = 40_000
# What requests per second and CPU of a rival have to be, theirs against ours: nginx static's own, which is the kernel's, within
# noise; p99 no worse, within noise.
GOALS = {"nginx static": 1.0, "nginx proxy_cache": 1.2, "varnish": 2.0}
NOISE = 0.05


def nearest_variant(base: str, image_id: str) -> tuple[str, bytes, str]:
    """Path, bytes and ETag of the listed size that comes nearest to 40 KB."""
    best = None
    for width in WIDTHS:
        path = f"/i/{image_id}/w={width},f=webp"
        body, fields = load.get(base + path)
        if best is None or abs(len(body) - TARGET_BYTES) < abs(len(best[1]) - TARGET_BYTES):
            best = (path, body, fields["ETag"])
    return best


def one(pid: int, url: str, connections: int, headers: dict) -> dict:
    before = load.cpu_seconds(pid)
    r = load.hits(url, connections, SECONDS, headers, CLIENT_CORE)
    r["cpu_us"] = (load.cpu_seconds(pid) - before) * 1e6 / max(1, r["requests"])
    r["peak_mib"] = load.pss_mib(pid)
    return r


def series(targets: dict, connections: int, with_etag: bool) -> dict:
    rounds = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, (pid, url, etag) in targets.items():
            rounds[name].append(one(pid, url, connections, {"If-None-Match": etag} if with_etag else {}))
    out = {}
    for name, all_rounds in rounds.items():
        out[name] = {k: load.summary(all_rounds, k) for k in ("cpu_us", "per_second", "p50_ms", "p99_ms", "peak_mib")}
        out[name]["errors"] = sum(r["errors"] for r in all_rounds)
        out[name]["socket_errors"] = [r["socket_errors"] for r in all_rounds if r["socket_errors"]]
        out[name]["command"] = all_rounds[0]["command"]
    ours = rounds["pixgate"]
    for name in out:
        theirs = rounds[name]
        out[name]["ratio_to_pixgate"] = {
            "cpu": load.ratio(theirs, ours, "cpu_us"), "per_second": load.ratio(ours, theirs, "per_second"),
            "p99": load.ratio(theirs, ours, "p99_ms")}
        if name in GOALS and not with_etag:
            out[name]["goal"] = judge(out[name]["ratio_to_pixgate"], GOALS[name])
    return out


def judge(ratios: dict, times: float) -> dict:
    """A ratio is met where its median is, or where noise may be all that is missing: the spread of the pairs reaches it."""
    def is_met(key: str, wanted: float) -> bool:
        r = ratios[key]
        return r["median"] >= wanted - NOISE or (wanted == 1.0 and r["min"] <= wanted <= r["max"])

    return {"times": times, "is_met_by_cpu": is_met("cpu", times), "is_met_by_requests_per_second": is_met("per_second", times),
            "p99_is_no_worse": is_met("p99", 1.0)}


def main() -> None:
    work = servers.make_folder()
    with load.on_core(SERVER_CORE):
        server = load.start_pixgate()
    rivals = []
    try:
        base = f"http://{server.api.netloc}"
        path, body, etag = nearest_variant(base, load.upload(server, *pictures.any_photo(random.Random(1))))
        (work / "picture.webp").write_bytes(body)
        with load.on_core(SERVER_CORE):
            static = servers.nginx_static(work)
            rivals = [static, servers.nginx_proxy_cache(static.base), servers.varnish(static.base)] if static else []
        skipped = [n for n, r in zip(("nginx", "nginx proxy_cache", "varnish"), rivals or [None] * 3) if r is None]
        for name in skipped:
            print(f"SKIPPED: {name} is not installed")
        rivals = [r for r in rivals if r]
        targets = {"pixgate": (server.process.pid, base + path, etag)}
        for r in rivals:
            got, fields = load.get(f"{r.base}/picture.webp")
            assert got == body, r.name
            targets[r.name] = (r.pid, f"{r.base}/picture.webp", fields["ETag"])
        result = {"what": __doc__.strip(), "body_bytes": len(body), "rounds": ROUNDS, "seconds": SECONDS,
                  "skipped": skipped, "versions": {r.name: r.version for r in rivals},
                  "commands": {r.name: r.command for r in rivals}, "load_before": load.load_average()}
        for connections in (64, 512):
            result[f"200_c{connections}"] = series(targets, connections, False)
        result["304_c64"] = series(targets, 64, True)
        whole, unchanged = (result[case]["pixgate"]["per_second"]["median"] for case in ("200_c64", "304_c64"))
        result["304_c64"]["goal"] = {"times_of_200": unchanged / whole, "is_faster_than_200": unchanged > whole}
        result["load_after"] = load.load_average()
        load.write_result("cached", result)
    finally:
        server.stop()
        for r in rivals:
            r.stop()
            shutil.rmtree(r.folder, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
