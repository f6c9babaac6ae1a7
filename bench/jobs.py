"""One job in a process of its own, ours (one_picture.cpp) and sharp's (rivals/one_picture.mjs) in turn."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import load

OURS = load.BUILD / "one_picture"
SHARP = load.ROOT / "bench" / "rivals" / "one_picture.mjs"


def have_sharp() -> bool:
    return bool(shutil.which("node")) and (SHARP.parent / "node_modules" / "sharp").exists()


def versions() -> dict:
    if not have_sharp():
        return {}
    script = "import s from 'sharp'; console.log(JSON.stringify(s.versions))"
    out = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True, cwd=SHARP.parent)
    return json.loads(out.stdout)


def run(who: str, what: str, photo: Path, *arguments: object) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        program = [str(OURS)] if who == "pixgate" else ["node", str(SHARP)]
        command = [*program, what, str(photo), *map(str, arguments), folder]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        made = {f.name: f.read_bytes() for f in Path(folder).iterdir()}
    return {**json.loads(out.stdout), "made": made,
            "command": " ".join(command).replace(f"{load.ROOT}/", "").replace(folder, "DIR").replace(str(photo), photo.name)}


def compare(rounds: int, what: str, photos: list[Path], arguments: tuple, is_scored: bool = True) -> dict:
    """Sums over the photos, a round at a time; sharp and we in turn."""
    names = ["pixgate"] + (["sharp"] if have_sharp() else [])
    all_rounds, last = {n: [] for n in names}, {n: {} for n in names}
    for _ in range(rounds):
        for name in names:
            runs = []
            for photo in photos:
                runs.append(run(name, what, photo, *arguments))
                last[name][photo] = runs[-1]
            all_rounds[name].append({"cpu_ms": sum(r["cpu_ms"] for r in runs) / len(runs), "peak_mib": max(r["peak_mib"] for r in runs)})
    out = {}
    for name in names:
        out[name] = {k: load.summary(all_rounds[name], k) for k in ("cpu_ms", "peak_mib")}
        out[name]["share_of_sharp"] = {k: load.ratio(all_rounds[name], all_rounds["sharp"], k)
                                       for k in ("cpu_ms", "peak_mib")} if "sharp" in all_rounds else "no sharp"
        out[name]["command"] = next(iter(last[name].values()))["command"]
        if is_scored:
            out[name]["made"] = scores(last[name])
    return out


def scores(runs: dict) -> dict:
    """KB, SSIM and butteraugli of each picture made, mean over the photos."""
    try:
        import quality
    except ImportError:
        return {"skipped": "python3-numpy or python3-pil is not installed"}
    references, out = quality.References(), {}
    for photo, r in runs.items():
        for name, body in r["made"].items():
            out.setdefault(name, []).append(references.score(photo.read_bytes(), body))
    return {name: quality.mean(all_scores) for name, all_scores in sorted(out.items())}
