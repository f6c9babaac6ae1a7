"""Debian's libvips beside the newer build that comes with sharp (@img/sharp-libvips), by the same small program
(rivals/vips_sizes.c) linked to one or the other: CPU time of pixels alone, JPEG and WebP from a 12-megapixel JPEG."""

import json
import shutil
import statistics
import subprocess

import load
import pictures
import servers

ROUNDS = 2


def build(folder, name: str, link: list[str]):
    flags = subprocess.run(["pkg-config", "--cflags", "vips"], capture_output=True, text=True, check=True).stdout.split()
    program = folder / name
    subprocess.run(["cc", "-O2", str(load.ROOT / "bench" / "rivals" / "vips_sizes.c"), *flags, "-o", str(program), *link], check=True)
    return program


def main() -> None:
    newer = next((load.ROOT / "bench" / "rivals" / "node_modules" / "@img").glob("sharp-libvips-linux-*/lib/libvips-cpp.so.*"), None)
    if newer is None or not shutil.which("cc"):
        print("SKIPPED: needs a C compiler and bench/rivals (script/bench)")
        return
    folder = servers.make_folder()
    try:
        programs = {
            "debian": build(folder, "debian", subprocess.run(
                ["pkg-config", "--libs", "vips"], capture_output=True, text=True, check=True).stdout.split()),
            "npm": build(folder, "npm", [f"-L{newer.parent}", f"-l:{newer.name}", f"-Wl,-rpath,{newer.parent}"])}
        rounds = {name: [] for name in programs}
        for i, photo in enumerate(pictures.photos_12mp()):
            (folder / f"p{i}.jpg").write_bytes(photo)
            for _ in range(ROUNDS):
                for name, program in programs.items():
                    out = subprocess.run([str(program), str(folder / f"p{i}.jpg")], capture_output=True, text=True, check=True)
                    rounds[name].append(json.loads(out.stdout))
        result = {"what": __doc__.strip(), "versions": {n: r[0]["version"] for n, r in rounds.items()}, "load": load.load_average()}
        for case in rounds["debian"][0]:
            if case != "version":
                ms = {n: statistics.median(r[case] for r in rounds[n]) for n in rounds}
                result[case] = {"debian_ms": ms["debian"], "npm_ms": ms["npm"], "debian_of_npm": ms["debian"] / ms["npm"]}
        load.write_result("libvips", result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
