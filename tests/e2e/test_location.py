"""A policy that takes the place out of what was sent: the stored original says it no more, to exiftool's kind of readers
(Pillow) and to a search for its bytes, and its pixels are the same. Another policy leaves it alone."""
import io
import urllib.request

import pytest
from api_client import Client
from pixgate_server import PixgateServer
from shared import need_shared

GPS_IFD = 0x8825


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text('[[policies]]\nname = "bare"\nstrip_location = true\npresets = ["thumb"]\n')
    with PixgateServer("--config", str(config)) as running:
        yield running


def stored(server, photo: bytes, policy: str) -> bytes:
    image = Client(server, server.keys["server"]).upload(
        photo, filename="a.jpg", content_type="image/jpeg", policy=policy)
    assert image["state"] == "ready", image
    assert [entry["state"] for entry in image["history"]] == ["pending", "stored", "ready"]
    with urllib.request.urlopen(image["original"]["url"], timeout=20) as response:
        return response.read()


def test_the_place_leaves_the_original_and_no_pixel_changes(server):
    PIL = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")
    photo = need_shared("corpus", "photos", "samsung-s7-edge-12mp-gps.jpg").read_bytes()
    before = PIL.open(io.BytesIO(photo))
    place = before.getexif().get_ifd(GPS_IFD)
    assert place, "the photo says no place: this test would see nothing"
    kept = stored(server, photo, "default")
    assert kept == photo
    bare = stored(server, photo, "bare")
    after = PIL.open(io.BytesIO(bare))
    assert not after.getexif().get_ifd(GPS_IFD)
    assert after.getexif().get(0x0110) == before.getexif().get(0x0110)  # the camera's name stays
    assert len(bare) == len(photo)
    assert after.tobytes() == before.tobytes()
