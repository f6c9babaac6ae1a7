"""What the sandbox costs: the same job in process and in the sandbox, a batch of each in turn (sandbox_cost.cpp). Sizes of a
rendition of 1024 px in a warm worker; first contact of a 12-megapixel JPEG and of a small one, and the verdict alone on a
small PNG, in a child of their own. CPU of the process tree for one job, children that have ended too, and wall time."""

import json
import shutil
import subprocess

import load
import pictures
import servers

ROUNDS = 15
PROGRAM = load.BUILD / "sandbox_cost"
WARM_SHARE, OWN_CHILD_MS, OWN_CHILD_SHARE = 1.05, 1.0, 1.20


def judge(name: str, direct: list[dict], sandboxed: list[dict]) -> dict:
    share = load.ratio(sandboxed, direct, "cpu_ms")
    more = [{k: s[k] - d[k] for k in ("cpu_ms", "wall_ms")} for s, d in zip(sandboxed, direct)]
    more_cpu, more_wall = load.summary(more, "cpu_ms"), load.summary(more, "wall_ms")
    if name.startswith("warm"):
        goal, is_met = f"at most {WARM_SHARE:.2f} of the CPU in process", share["median"] <= WARM_SHARE
    else:
        goal = f"at most {OWN_CHILD_MS:g} ms later or {OWN_CHILD_SHARE:.2f} of the CPU in process"
        is_met = more_wall["median"] <= OWN_CHILD_MS or share["median"] <= OWN_CHILD_SHARE
    return {
        "direct": {k: load.summary(direct, k) for k in ("cpu_ms", "wall_ms")},
        "sandboxed": {k: load.summary(sandboxed, k) for k in ("cpu_ms", "wall_ms")},
        "sandboxed_of_direct_cpu": share, "more_cpu_ms": more_cpu, "more_wall_ms": more_wall,
        "sandboxed_of_direct_wall": load.ratio(sandboxed, direct, "wall_ms"), "goal": goal, "is_met": is_met}


def main() -> None:
    if not PROGRAM.exists():
        print(f"SKIPPED: {PROGRAM} is not built (script/bench)")
        return
    folder = servers.make_folder()
    try:
        photo = folder / "p0.jpg"
        photo.write_bytes(pictures.photos_12mp()[0])
        before = load.load_average()
        command = [str(PROGRAM), str(photo), str(ROUNDS)]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        cases = json.loads(out.stdout)
        result = {"what": __doc__.strip(), "command": f"sandbox_cost {photo.name} {command[2]}", "load_before": before}
        for name, case in cases.items():
            result[name] = {"input_bytes": case["input_bytes"], "jobs_a_round": case["jobs_a_round"],
                            **judge(name, case["direct"], case["sandboxed"])}
        result["load_after"] = load.load_average()
        load.write_result("sandbox", result)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
