"""What policies say about pictures, from a file of settings to what senders and the edge get."""
import pytest
from attacker import ask, assert_refused, call, permission, png, send_upload, upload, wait_events_done, wait_state
from pixgate_server import PixgateServer

PICTURE, THUMBNAIL = png(640, 480), png(64, 48)
POLICIES = "".join(f'[[policies]]\nname = "{who}"\nthumbnails = "{who}"\n' for who in ("browser", "function", "download"))
SETTINGS = POLICIES


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("policies") / "pixgate.toml"
    config.write_text(SETTINGS)
    with PixgateServer("--config", str(config)) as running:
        yield running


def see(server, image_id, options, *headers):
    return ask(f"{server.api_url}/i/{image_id}/{options}", headers=headers)


def where_from(server, image_id, preset):
    answer = see(server, image_id, preset, ("Accept", "image/webp"))
    assert answer.status == 200 and answer.body[8:12] == b"WEBP", answer
    return answer.get("Cache-Status")


def sent_with_a_thumbnail(server, policy):
    """(the permission, the image once it is ready)"""
    wish = {"name": "small", "content_type": "image/png", "size_bytes": len(THUMBNAIL)}
    given = permission(server, PICTURE, policy=policy, thumbnails=[wish])
    for request, body in [(thumbnail, THUMBNAIL) for thumbnail in given["thumbnails"]] + [(given["original"], PICTURE)]:
        assert send_upload(request, body).status == 200
    wait_state(server, given["image_id"])
    wait_events_done(server)
    return given, wait_state(server, given["image_id"])


def names(image, kind):
    return sorted(variant["name"] for variant in image["variants"] if variant["kind"] == kind)


def test_the_browsers_thumbnail_is_kept_beside_the_presets(server):
    given, image = sent_with_a_thumbnail(server, "browser")
    assert [thumbnail["name"] for thumbnail in given["thumbnails"]] == ["small"]
    assert names(image, "thumbnail") == ["small"]
    assert "thumb" in names(image, "preset") and "w320" in names(image, "preset")
    assert "detail=bucket" in where_from(server, image["image_id"], "w320")


def test_where_the_function_makes_them_no_thumbnail_is_taken(server):
    given, image = sent_with_a_thumbnail(server, "function")
    assert given["thumbnails"] == [] and names(image, "thumbnail") == []
    assert "thumb" in names(image, "preset") and "w320" in names(image, "preset")
    assert "detail=bucket" in where_from(server, image["image_id"], "w320")


def test_presets_at_download_are_made_when_asked_for(server):
    _, image = sent_with_a_thumbnail(server, "download")
    assert names(image, "preset") == []
    assert "detail=made" in where_from(server, image["image_id"], "w320")
    assert where_from(server, image["image_id"], "w320").startswith("pixgate; hit")
