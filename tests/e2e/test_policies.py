"""What policies say about pictures, from a file of settings to what senders and the edge get."""
import io

import pytest
from api_client import png as noise
from attacker import ask, assert_refused, call, permission, png, send_upload, upload, wait_events_done, wait_for, wait_state
from PIL import Image
from pixgate_server import PixgateServer

PICTURE, THUMBNAIL = png(640, 480), png(64, 48)
MAX_BYTES = 20_000
PENDING = ("absent", "retry", "placeholder")
OVER_THE_LIMIT = noise(200, 150)
SETTINGS = "".join(
    [f'[[policies]]\nname = "{who}"\nthumbnails = "{who}"\n' for who in ("browser", "function", "download")]
    + [f'[[policies]]\nname = "{how}"\npending = "{how}"\nmax_bytes = {MAX_BYTES}\n' for how in PENDING]
)
FREE = ("thumb", "w320", "w=64,f=png", "w=2048,enlarge=1,f=jpeg")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("policies") / "pixgate.toml"
    config.write_text(SETTINGS)
    with PixgateServer("--config", str(config)) as running:
        running.config = config
        yield running


def see(server, image_id, options, *headers):
    return ask(f"{server.api_url}/i/{image_id}/{options}", headers=headers)


def pixels_of(answer):
    return list(Image.open(io.BytesIO(answer.body)).convert("RGB").getdata())


def is_red(pixel):
    return all(abs(value - wanted) <= 3 for value, wanted in zip(pixel, (200, 30, 30)))


def variants_in_the_store(server, image_id):
    listed = server.boto3_client().list_objects_v2(Bucket="pixgate-variants", Prefix=image_id)
    return [item["Key"] for item in listed.get("Contents", [])]


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


def urls_of(server, image_id):
    """What people may ask for it, also with a signature where the API gives one."""
    urls = [f"{server.api_url}/i/{image_id}/{options}" for options in (*FREE, "placeholder")]
    answer = call(server, "POST", f"/v1/images/{image_id}/links", {"transforms": ["w=301,f=png", "w=32,metadata=copyright"]})
    return urls + ([one["url"] for one in answer.json()["links"]] if answer.status == 200 else [])


def assert_says_pending(answer, how):
    assert answer.get("Cache-Control") == "no-store", answer
    if how == "absent":
        return assert_refused(answer, 404)
    assert int(answer.get("Retry-After")) > 0
    if how == "retry":
        assert (answer.status, answer.body) == (202, b'{"state":"pending"}'), answer
    else:
        assert answer.status == 200 and answer.get("Content-Type") == "image/svg+xml", answer
        assert answer.body.startswith(b"<svg ") and b'fill="#d4d4d4"' in answer.body and len(answer.body) < 300


def assert_not_public(server, image_id, how):
    """how: what its policy says while it is pending; "absent" for one that was refused."""
    for url in urls_of(server, image_id):
        answer = ask(url, headers=[("Accept", "image/webp")])
        assert_says_pending(answer, "absent" if url.endswith("/placeholder") else how)
    shown = call(server, "GET", f"/v1/images/{image_id}").json()
    assert shown["variants"] == [] and shown["original"]["url"] is None and shown["placeholder"] is None, shown


@pytest.mark.parametrize("how", PENDING)
def test_what_a_pending_picture_looks_like(server, how):
    image_id = permission(server, PICTURE, policy=how)["image_id"]
    assert_not_public(server, image_id, how)
    for options, size in {"w=320,h=160,fit=cover": (320, 160), "thumb": (256, 256), "w640": (640, 480)}.items():
        answer = see(server, image_id, options)
        assert_says_pending(answer, how)
        if how == "placeholder":
            assert b'width="%d" height="%d"' % size in answer.body, answer


def put_by_the_operator(server, image_id, body):
    server.boto3_client().put_object(Bucket="pixgate-originals", Key=f"{image_id}/original", Body=body, ContentType="image/png")


@pytest.mark.parametrize("how", PENDING)
def test_f96_a_file_over_the_limit_is_not_public_however_it_came(server, how):
    image_id = permission(server, PICTURE, policy=how)["image_id"]
    put_by_the_operator(server, image_id, OVER_THE_LIMIT)
    image = wait_state(server, image_id, ("ready", "rejected", "quarantined", "failed"))
    assert (image["state"], image["reason"]) == ("rejected", "too_many_bytes")
    assert_not_public(server, image_id, "absent")


@pytest.mark.parametrize("how", PENDING)
def test_f96_what_was_refused_is_not_public(server, how):
    body = b"GIF89a, or so it says"
    given = permission(server, body, policy=how)
    assert send_upload(given["original"], body).status == 200
    wait_state(server, given["image_id"], ("rejected",))
    assert_not_public(server, given["image_id"], "absent")


def test_f96_what_is_put_over_a_good_original_is_held_to_the_same(server):
    image_id = upload(server, PICTURE, policy="retry")["image_id"]
    assert see(server, image_id, "w=64,f=png").status == 200
    put_by_the_operator(server, image_id, OVER_THE_LIMIT)
    assert wait_state(server, image_id, ("rejected",))["reason"] == "too_many_bytes"
    wait_for(lambda: see(server, image_id, "w=64,f=png").status == 404, "it is withdrawn")
    assert_not_public(server, image_id, "absent")


def test_a_good_original_put_over_another_takes_its_place(server):
    other = png(640, 480, (0, 0, 0))
    image_id = upload(server, PICTURE, policy="retry")["image_id"]
    before = see(server, image_id, "w=64,f=png")
    put_by_the_operator(server, image_id, other)
    wait_for(lambda: wait_state(server, image_id)["original"]["size_bytes"] == len(other), "the other is registered")
    wait_for(lambda: see(server, image_id, "w=64,f=png").body != before.body, "the other is served")
    for url in urls_of(server, image_id):
        answer = ask(url)
        if answer.status == 200 and not url.endswith("/placeholder"):
            assert not any(is_red(pixel) for pixel in pixels_of(answer)), "of the picture that was replaced"


@pytest.mark.parametrize("roles", ["api,edge,store", "api,edge,store,function"])
def test_f96_what_is_still_being_looked_at_is_not_public(server, tmp_path, roles):
    """Nobody looks at events, or nobody at verdicts: as long as it lasts, nothing is to be seen."""
    data_dir, config = str(tmp_path / "data"), ("--config", str(server.config))
    images = {}
    with PixgateServer(*config, "--roles", roles, data_dir=data_dir) as halved:
        for how in PENDING:
            given = permission(halved, PICTURE, policy=how)
            assert send_upload(given["original"], PICTURE).status == 200
            images[how] = given["image_id"]
            if "function" in roles:
                wait_for(lambda: variants_in_the_store(halved, images[how]), "the presets lie in the store")
        for how, image_id in images.items():
            assert_not_public(halved, image_id, how)
    with PixgateServer(*config, data_dir=data_dir) as whole:
        for image_id in images.values():
            wait_state(whole, image_id)
            wait_for(lambda: see(whole, image_id, "w=64,f=png").status == 200, "the picture is served")
