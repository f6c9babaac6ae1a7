"""Permissions per second over HTTP (POST /v1/uploads: authenticate, validate, one durable row, presign) at 32 connections,
and bytes allocated per presign alone (bench/presign_bytes)."""

import subprocess
from pathlib import Path

import load

server = load.start_pixgate()
try:
    rounds = []
    for _ in range(3):
        before = load.cpu_seconds(server.process.pid)
        r = load.wrk(f"http://{server.api.netloc}/v1/uploads", Path(__file__).with_name("presign.lua"), 32, 5,
                     {"PIXGATE_KEY": server.keys["server"]})
        r["cpu_us_per_request"] = (load.cpu_seconds(server.process.pid) - before) * 1e6 / max(1, r["per_second"] * 5)
        rounds.append(r)
finally:
    server.stop()
alone = load.ROOT / "build" / "release" / "presign_bytes"
load.write_result("presign", {
    "per_second": load.summary(rounds, "per_second"), "p99_ms": load.summary(rounds, "p99_ms"),
    "cpu_us_per_request": load.summary(rounds, "cpu_us_per_request"),
    "errors": sum(r["errors"] for r in rounds), "command": rounds[0]["command"],
    "signing_alone": subprocess.run([alone], capture_output=True, text=True).stdout.strip() if alone.exists() else "not built",
})
