"""The commands of README.md's "From a terminal", as they stand there, against a real server."""
import json
import re
import struct
import subprocess
import time
import urllib.request
import zlib

import pytest
from pixgate_server import PixgateServer
from shared import ROOT

READY_WITHIN_S = 10


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        yield running


def small_png(width_px, height_px):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(width_px * 3)) for y in range(height_px))
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def steps_of_readme(server):
    section = (ROOT / "README.md").read_text().split("## From a terminal", 1)[1]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]
    for written, here in (
        (".cache/data", str(server.data_dir)), ("http://127.0.0.1:8080", server.api_url),
        ("photo.jpg", "photo.png"), ("image/jpeg", "image/png"),
    ):
        assert written in block, f"README.md no longer says {written}"
        block = block.replace(written, here)
    before, after = block.split("# 3.", 1)
    return before, "# " + after


def run(script, folder):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def wait_until_ready(server, image_id):
    request = urllib.request.Request(
        f"{server.api_url}/v1/images/{image_id}", headers={"Authorization": f"Bearer {server.keys['server']}"})
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        with urllib.request.urlopen(request, timeout=10) as answer:
            state = json.load(answer)["state"]
        if state == "ready":
            return
        time.sleep(0.02)
    raise AssertionError(f"still {state} after {READY_WITHIN_S} s")


def test_the_commands_of_the_readme_work(server, tmp_path):
    (tmp_path / "photo.png").write_bytes(small_png(800, 600))
    before, after = steps_of_readme(server)
    run(before, tmp_path)
    permission = json.loads((tmp_path / "permission.json").read_text())
    wait_until_ready(server, permission["image_id"])

    head = "\n".join(line for line in before.splitlines() if line.startswith(("key=", "api=")))
    shown = run(f"{head}\n{after}", tmp_path)

    assert json.loads(shown)["state"] == "ready"
    assert (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
