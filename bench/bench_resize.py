"""A size made on the fly, over HTTP: pixgate from its renditions beside sharp, ipx and nginx image_filter, which start from
the 12-megapixel original each time. JPEG and WebP at quality 80, 320 and 800 px wide, 8 and 64 requests at a time. Nothing is
answered from memory on any side: each of our URLs has a height of its own that does not bind, so that the same picture is
made anew; ours also keeps each result in its store, which the rivals do not. CPU per request (whole process tree) first."""

import json
import shutil

import load
import pictures
import servers

CASES = (("jpeg", 320), ("jpeg", 800), ("webp", 320), ("webp", 800))
ROUNDS, REQUESTS = 3, {8: 64, 64: 128}
RIVALS = load.ROOT / "bench" / "rivals"
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
        self.server, self.used = server, 0
        self.ids = [load.upload(server, p, "image/jpeg") for p in photos]

    def urls(self, fmt: str, width: int, count: int) -> list[str]:
        out = []
        for i, image in enumerate(self.ids):
            mine = range(self.used + i, self.used + count, len(self.ids))
            texts = [f"w={width},h={4096 - n},q=80,f={fmt}" for n in mine]
            for start in range(0, len(texts), 32):
                out += load.links(self.server, image, texts[start:start + 32])
        self.used += count
        return out


def measure(pid: int, urls: list[str], concurrency: int) -> dict:
    before = load.cpu_seconds(pid)
    with load.PeakMemory(pid) as memory:
        r = load.fetch_all(urls, concurrency)
    r["cpu_ms"] = (load.cpu_seconds(pid) - before) * 1000 / len(urls)
    r["peak_mib"] = memory.peak_mib
    return r


def run_case(ours: Ours, rivals: list, names: list[str], fmt: str, width: int, concurrency: int) -> dict:
    count = REQUESTS[concurrency]
    rounds = {"pixgate": []} | {r.name: [] for r in rivals}
    for _ in range(ROUNDS):
        rounds["pixgate"].append(measure(ours.server.process.pid, ours.urls(fmt, width, count), concurrency))
        for r in rivals:
            if r.name == "nginx image_filter" and fmt != "jpeg":
                continue
            path = f"w_{width},f_{fmt},q_80/{{}}" if r.name == "ipx" else f"{width}/{fmt}/{{}}"
            urls = [f"{r.base}/{path.format(names[i % len(names)])}" for i in range(count)]
            rounds[r.name].append(measure(r.pid, urls, concurrency))
    out = {}
    for name, all_rounds in rounds.items():
        if all_rounds:
            out[name] = {k: load.summary(all_rounds, k) for k in ("cpu_ms", "per_second", "p50_ms", "p99_ms", "peak_mib")}
            out[name]["errors"] = sum(r["errors"] for r in all_rounds)
            out[name]["times_cpu_of_pixgate"] = load.ratio(all_rounds, rounds["pixgate"], "cpu_ms")
            out[name]["times_p99_of_pixgate"] = load.ratio(all_rounds, rounds["pixgate"], "p99_ms")
    return out


def quality_of(ours: Ours, rivals: list, names: list[str], photos: list[bytes], fmt: str, width: int) -> dict:
    try:
        import quality
    except ImportError:
        return {"skipped": "python3-numpy or python3-pil is not installed"}
    references, out = quality.References(), {}
    urls = {"pixgate": ours.urls(fmt, width, len(photos))}
    for r in rivals:
        if r.name != "nginx image_filter" or fmt == "jpeg":
            path = f"w_{width},f_{fmt},q_80" if r.name == "ipx" else f"{width}/{fmt}"
            urls[r.name] = [f"{r.base}/{path}/{n}" for n in names]
    for name, all_urls in urls.items():
        bodies = [load.get(u)[0] for u in all_urls]
        out[name] = quality.mean([references.score(p, b) for p, b in zip(photos, bodies)])
    return out


def main() -> None:
    root = servers.make_folder()
    photos = pictures.photos_12mp()
    names = [f"p{i}.jpg" for i in range(len(photos))]
    for name, photo in zip(names, photos):
        (root / name).write_bytes(photo)
    server = load.start_pixgate(PIXGATE_EDGE_MEMORY_CACHE_BYTES="0")
    rivals = [node("sharp", root), node("ipx", root), servers.nginx(
        "nginx image_filter", FILTER.format(root=root), workers=2, modules=("ngx_http_image_filter_module.so",))]
    skipped = [n for n, r in zip(("sharp", "ipx", "nginx image_filter"), rivals) if r is None]
    for name in skipped:
        print(f"SKIPPED: {name} is not installed (script/setup --bench)")
    rivals = [r for r in rivals if r]
    result = {"what": __doc__.strip(), "photos": len(photos), "mean_photo_mb": sum(map(len, photos)) / len(photos) / 1e6,
              "skipped": [*skipped, "weserv (no package; a module of nginx to be built)"],
              "versions": {r.name: r.version for r in rivals}, "load_before": load.load_average()}
    try:
        ours = Ours(server, photos)
        for fmt, width in CASES:
            for concurrency in REQUESTS:
                result[f"{fmt}_{width}_c{concurrency}"] = run_case(ours, rivals, names, fmt, width, concurrency)
            result[f"{fmt}_{width}_quality"] = quality_of(ours, rivals, names, photos, fmt, width)
        result["load_after"] = load.load_average()
        load.write_result("resize", result)
    finally:
        server.stop()
        for r in rivals:
            r.stop()
            shutil.rmtree(r.folder, ignore_errors=True)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
