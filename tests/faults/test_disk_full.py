"""A full disk: a small tmpfs. Uploads are refused with 507 (or 503), what is stored stays readable, nothing half visible
appears, and when space returns uploads work again without a restart."""

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import rig


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a tmpfs")
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(mount)], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs here: {made.stderr.decode()}")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=False, capture_output=True)


def try_upload(server: rig.Server, model: rig.Model, picture: bytes) -> tuple[int, dict]:
    status, permission = server.json("POST", "/v1/uploads", {
        "filename": "full.png", "content_type": "image/png", "size_bytes": len(picture)})
    if status != 201:
        return status, {}
    import hashlib

    upload = rig.Upload(permission["image_id"], hashlib.sha256(picture).hexdigest(), len(picture))
    model.uploads[upload.image_id] = upload
    status = server.send(permission["original"], picture)
    upload.acknowledged = status == 200
    return status, permission


def test_a_full_disk_refuses_uploads_and_recovers_by_itself(small_disk):
    rng = random.Random(5)
    model = rig.Model()
    server = rig.Server(small_disk / "data")
    try:
        ballast = small_disk / "ballast"
        statuses = []
        for _ in range(40):
            status, _ = try_upload(server, model, rig.make_png(rng, 1_500_000))
            statuses.append(status)
            if status >= 500:
                break
        assert statuses[0] == 200 and statuses[-1] in (503, 507), statuses
        # Sizes cannot be made while there is no room for them; what was sent is kept and waits.
        rig.check_against_model(server, model, are_ready=False)
        with contextlib.suppress(OSError), open(ballast, "wb") as f:  # the very last byte
            while True:
                f.write(b"\0" * 65536)
                f.flush()
        status, _ = try_upload(server, model, rig.make_png(rng, 300_000))
        assert status in (503, 507), status
        status, _ = server.call("GET", "/healthz")
        assert status == 200
        first = next(u for u in model.uploads.values() if u.acknowledged)
        assert rig.read_original(server, first.image_id) is not None
        ballast.unlink(missing_ok=True)
        # All but three, so that there is room for the sizes of those that are left.
        for image_id in [u.image_id for u in model.acknowledged()][:-3]:
            status, _ = server.call("DELETE", f"/v1/images/{image_id}")
            assert status in (200, 204), status
            del model.uploads[image_id]
        rig.wait_for(lambda: try_upload(server, model, rig.make_png(rng, 300_000))[0] == 200, 10, "space is back")
        rig.check_against_model(server, model, seconds=150)
        assert not list((small_disk / "data" / "tmp").iterdir()), "part-uploaded bytes left behind"
    finally:
        server.stop()
