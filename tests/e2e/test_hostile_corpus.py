"""Every picture of the shared corpus through the real program, as a stranger sends it: permission, presigned PUT, event,
sandbox, verdict, edge. And its awkward names, as file names and as keys of objects."""
import csv
import io
import itertools
import json
import struct
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from attacker import (
    ask, assert_refused, call, descendants, link, permission, png, rss_mib, send_upload, sign, upload, wait_events_done, wait_for,
    wait_state, without_spare,
)
from PIL import Image, ImageChops, ImageStat
from pixgate_server import PixgateServer
from shared import need_shared

CONFIG = """
[policy]
allowed_types = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic", "image/tiff"]
[function]
first_retry_seconds = 1
"""
VERDICTS = ("ready", "rejected", "quarantined", "failed")
MAX_GROWTH_MIB = 40
VERDICT_WITHIN_S = 60
SENDERS = 4
GOOD = png(300, 200)


def rows(*folders):
    with open(need_shared("corpus", "MANIFEST.tsv"), newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in table if row["file"].split("/")[0] in folders]


def bytes_of(row):
    return need_shared("corpus", *row["file"].split("/")).read_bytes()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    need_shared("corpus", "MANIFEST.tsv")
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(CONFIG)
    with PixgateServer("--config", str(config)) as running:
        yield running


def send(server, row):
    """(row, its image at the end), or (row, None) where the API would not hear of such a type or size."""
    body = bytes_of(row)
    wish = {"filename": row["file"].split("/")[-1], "content_type": row["content_type"], "size_bytes": len(body)}
    asked = call(server, "POST", "/v1/uploads", wish)
    if asked.status == 400:
        return row, None
    assert asked.status == 201, (row["file"], asked)
    given = asked.json()
    sent = send_upload(given["original"], body)
    assert sent.status == 200, (row["file"], sent)
    return row, wait_state(server, given["image_id"], VERDICTS, VERDICT_WITHIN_S)


def send_all_of(server, table):
    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(lambda row: send(server, row), table))


@pytest.fixture(scope="module")
def hostile(server):
    """The hostile files, each with its image; and how much larger the server is after them, in MiB."""
    for _ in range(4):
        upload(server, GOOD)  # what the first picture needs is not growth
    before = rss_mib(server.process.pid)
    sent = send_all_of(server, rows("hostile"))
    return sent, rss_mib(server.process.pid) - before


def test_f75_f76_f77_f78_f79_hostile_files_get_the_verdict_of_the_manifest(server, hostile):
    wrong = []
    for row, image in hostile[0]:
        state = image["state"] if image else "rejected"
        if state == "failed" or (row["strict"] == "yes" and (state == "ready") != (row["expected"] == "accept")):
            wrong.append((row["file"], row["expected"], state, image and image["reason"]))
    assert wrong == []
    assert len(hostile[0]) > 100
    assert all(image["reason"] for _, image in hostile[0] if image and image["state"] != "ready")


def test_f80_f91_the_server_lives_and_has_not_grown(server, hostile):
    assert server.process.poll() is None
    assert hostile[1] < MAX_GROWTH_MIB, f"grown by {hostile[1]:.0f} MiB"
    wait_for(lambda: len(without_spare(descendants(server.process.pid))) <= 2, "no child of a picture is left")
    assert upload(server, GOOD)["state"] == "ready"


def test_nothing_refused_is_served(server, hostile):
    refused = [image for _, image in hostile[0] if image and image["state"] != "ready"]
    assert len(refused) > 60
    for image in refused:
        shown = call(server, "GET", f"/v1/images/{image['image_id']}").json()
        assert shown["original"]["url"] is None and shown["variants"] == []
        for options in ("thumb", "w320", "w=64,f=png", "original"):
            answer = ask(f"{server.api_url}/i/{image['image_id']}/{options}")
            assert_refused(answer, 400, 404)
        link = call(server, "POST", f"/v1/images/{image['image_id']}/links", {"transforms": ["w=320"]})
        if link.status == 200:
            assert_refused(ask(link.json()["links"][0]["url"]), 404)


def test_f82_f94_hostile_files_under_an_allowed_type_are_refused_just_the_same(server, hostile):
    """Those whose own type the API would not hear of, said to be a JPEG."""
    unheard = [{**row, "content_type": "image/jpeg"} for row, image in hostile[0] if image is None]
    assert unheard
    for row, image in send_all_of(server, unheard):
        if image is not None:
            assert image["state"] in ("rejected", "quarantined"), (row["file"], image["state"])


def thumbnails_of(image):
    return [variant for variant in image["variants"] if variant["kind"] == "thumbnail"]


def test_hostile_thumbnails_are_refused_just_the_same(server, hostile):
    small = [row for row, image in hostile[0] if image is not None and row["strict"] == "yes" and row["expected"] == "reject"]
    small = [row for row in small if 0 < int(row["bytes"]) <= 1 << 20]
    assert len(small) > 50

    def attach(row):
        body = bytes_of(row)
        given = permission(server, GOOD, thumbnails=[{"name": "t", "content_type": row["content_type"], "size_bytes": len(body)}])
        assert send_upload(given["thumbnails"][0], body).status == 200
        assert send_upload(given["original"], GOOD).status == 200
        return row, given["image_id"]

    with ThreadPoolExecutor(SENDERS) as pool:
        attached = list(pool.map(attach, small))
    wait_events_done(server, VERDICT_WITHIN_S)
    # One that is good goes the same way and is there.
    good = permission(server, GOOD, thumbnails=[{"name": "t", "content_type": "image/png", "size_bytes": len(GOOD)}])
    for request in (good["thumbnails"][0], good["original"]):
        assert send_upload(request, GOOD).status == 200
    wait_for(lambda: thumbnails_of(call(server, "GET", f"/v1/images/{good['image_id']}").json()), "a good thumbnail is registered")
    for row, image_id in attached:
        image = call(server, "GET", f"/v1/images/{image_id}").json()
        assert image["state"] == "ready" and thumbnails_of(image) == [], (row["file"], image["state"], image["variants"])


def chunks_of_png(body):
    at = 8
    while at + 8 <= len(body):
        size, = struct.unpack_from(">I", body, at)
        yield body[at + 4:at + 8].decode("latin1")
        at += size + 12


def chunks_of_webp(body):
    at = 12
    while at + 8 <= len(body):
        size, = struct.unpack_from("<I", body, at + 4)
        yield body[at:at + 4].decode("latin1")
        at += 8 + size + size % 2


def segments_of_jpeg(body):
    at = 2
    while at + 4 <= len(body) and body[at] == 0xFF and body[at + 1] != 0xDA:
        size, = struct.unpack_from(">H", body, at + 2)
        yield body[at + 1], body[at + 4:at + 2 + size]
        at += 2 + size


def extensions_of_gif(body):
    """Each by its label, applications by their name, with what it says."""
    table = lambda flags: 3 << (flags & 7) + 1 if flags & 0x80 else 0  # noqa: E731
    at = 13 + table(body[10])
    while body[at] != 0x3B:
        is_picture = body[at] == 0x2C
        label = hex(body[at + 1])
        at += 11 + table(body[at + 9]) if is_picture else 2  # behind the size of LZW's codes
        data = b""
        while size := body[at]:
            data += body[at + 1:at + 1 + size]
            at += 1 + size
        at += 1
        if not is_picture:
            yield label, data


def metadata_in(body):
    """What a derivative carries beside its pixels and their timing; a colour profile is part of those."""
    if body.startswith(b"\x89PNG"):
        return [kind for kind in chunks_of_png(body) if kind in ("eXIf", "tEXt", "iTXt", "zTXt", "tIME", "caBX")]
    if body.startswith(b"RIFF"):
        return [kind for kind in chunks_of_webp(body) if kind in ("EXIF", "XMP ")]
    if body.startswith(b"GIF8"):
        return [(label, data[:11]) for label, data in extensions_of_gif(body) if label != "0xf9" and data[:11] != b"NETSCAPE2.0"]
    assert body.startswith(b"\xff\xd8\xff"), body[:20]
    return [hex(marker) for marker, data in segments_of_jpeg(body)
            if marker == 0xFE or (0xE1 <= marker <= 0xEF and not data.startswith((b"ICC_PROFILE\0", b"Adobe\0")))]


@pytest.fixture(scope="module")
def accepted(server):
    return send_all_of(server, rows("photos", "orientation", "color", "animated", "metadata"))


def test_good_pictures_become_ready(accepted):
    """Where the manifest leaves it to us, refused is as well, but on purpose."""
    assert len(accepted) > 110
    wrong = []
    for row, image in accepted:
        may_refuse = row["strict"] == "no"
        verdicts = ("ready", "rejected") if may_refuse else ("ready",)
        if image is None and may_refuse:
            continue
        if image is None or image["state"] not in verdicts or (image["state"] != "ready" and not image["reason"]):
            wrong.append((row["file"], image and (image["state"], image["reason"])))
    assert wrong == []


def served(server, image_id):
    url = f"{server.api_url}/i/{image_id}"
    kinds = [(f"{url}/w320", "image/webp"), (f"{url}/w320", "image/jpeg"), (f"{url}/w=320,f=png", "*/*")]
    return [ask(address, headers=[("Accept", accept)]) for address, accept in kinds]


def test_f84_f86_f95_good_pictures_are_served_without_what_they_carried(server, accepted, hostile):
    ready = [(row, image) for row, image in (*accepted, *hostile[0]) if image and image["state"] == "ready"]
    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(lambda pair: served(server, pair[1]["image_id"]), ready))
    wrong, n_tokens = [], 0
    for (row, _), three in zip(ready, answers):
        for answer in three:
            if answer.status != 200 or not answer.get("Content-Type").startswith("image/"):
                wrong.append((row["file"], answer.status, answer.body[:200]))
                continue
            if found := metadata_in(answer.body):
                wrong.append((row["file"], answer.get("Content-Type"), found))
            for token in filter(None, row["must_not_leak"].split(";")):
                n_tokens += 1
                if token not in ("GPS", "EXIF", "XMP", "IPTC") and token.encode() in answer.body:
                    wrong.append((row["file"], answer.get("Content-Type"), token))
    assert wrong == []
    assert n_tokens > 50 and len(ready) > 100


def size_of(body):
    """(format, width, height) by the header of what the edge gives."""
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        kind, data = body[12:16], body[20:]
        if kind == b"VP8X":
            return "image/webp", int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
        if kind == b"VP8L":
            bits = int.from_bytes(data[1:5], "little")
            return "image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        assert kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a", data[:12]
        width, height = struct.unpack_from("<HH", data, 6)
        return "image/webp", width & 0x3FFF, height & 0x3FFF
    for marker, data in segments_of_jpeg(body):
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack_from(">HH", data, 1)
            return "image/jpeg", width, height
    raise AssertionError(body[:20])


def decodes(body):
    """Every pixel, by a decoder that is not ours."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            image.load()
    except Exception:
        return False
    return True


def test_f75_f97_every_accepted_picture_comes_from_the_edge_small_sound_and_bare(server, accepted, hostile):
    ready = [(row, image) for row, image in (*accepted, *hostile[0]) if image and image["state"] == "ready"]

    def fetch(pair):
        url = f"{server.api_url}/i/{pair[1]['image_id']}"
        return [(kind, ask(f"{url}/w=128,f={kind}")) for kind in ("webp", "jpeg")]

    with ThreadPoolExecutor(SENDERS) as pool:
        fetched = list(pool.map(fetch, ready))
    wrong = []
    for (row, _), answers in zip(ready, fetched):
        longer = max(int(row["width"] or 0), int(row["height"] or 0)) or 128
        for kind, answer in answers:
            if answer.status != 200 or answer.get("Content-Type") != f"image/{kind}":
                wrong.append((row["file"], kind, answer.status, answer.get("Content-Type")))
                continue
            found, width, height = size_of(answer.body)
            bounds = 1 <= width <= min(128, longer) and 1 <= height <= 4096 and width * height <= 16_000_000
            if found != f"image/{kind}" or not bounds or metadata_in(answer.body) or not decodes(answer.body):
                wrong.append((row["file"], kind, found, width, height, metadata_in(answer.body)))
            if len(answer.body) > width * height * 4 + 4096:
                wrong.append((row["file"], kind, len(answer.body), "larger than its pixels"))
    assert wrong == []
    assert len(ready) > 100


def shown_frames(body):
    """What an animation shows on grey, by a decoder that is not ours: pairs of picture and ms. As in browsers, a frame without a
    time stays a tenth of a second."""
    out = []
    with Image.open(io.BytesIO(body)) as image:
        for n in range(image.n_frames):
            image.seek(n)
            frame = image.convert("RGBA")
            grey = Image.new("RGBA", frame.size, (128, 128, 128, 255))
            out.append((Image.alpha_composite(grey, frame).convert("RGB"), image.info.get("duration") or 100))
    return out


def difference_of(frame, other):
    assert frame.size == other.size
    return sum(ImageStat.Stat(ImageChops.difference(frame, other)).mean) / 3


def test_f79_an_animation_shows_at_every_moment_what_the_original_shows(server, accepted):
    moving = [(row, image) for row, image in accepted if int(row["pages"] or 1) > 1 and row["format"] in ("gif", "webp")]
    assert len(moving) >= 10 and all(image["state"] == "ready" for _, image in moving)
    for row, image in moving:
        original = shown_frames(bytes_of(row))
        assert len(original) == int(row["pages"])
        n_seen = 1 + sum(a.tobytes() != b.tobytes() for (a, _), (b, _) in itertools.pairwise(original))
        for kind, limit in (("gif", 1), ("webp", 6)):
            what = (row["file"], kind)
            answer = ask(link(server, image["image_id"], f"w=2048,anim=1,f={kind}"))
            assert answer.status == 200 and answer.get("Content-Type") == f"image/{kind}", (what, answer)
            made = shown_frames(answer.body)
            # WebP's encoder makes one frame of two that are the same.
            assert n_seen <= len(made) <= len(original) and (kind == "webp" or len(made) == len(original)), (what, len(made))
            ends = list(itertools.accumulate(ms for _, ms in made))
            begins = [0, *itertools.accumulate(ms for _, ms in original)]
            is_still = len(made) == 1
            assert is_still or ends[-1] == begins[-1], (what, ends[-1], begins[-1])
            for (frame, _), at_ms in zip(original, begins):
                now = 0 if is_still else next(n for n, end in enumerate(ends) if end > at_ms)
                assert difference_of(frame, made[now][0]) < limit, (what, at_ms)
            assert not metadata_in(answer.body), what


def names(use):
    with open(need_shared("corpus", "names.tsv"), newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["use"] == use]


def test_awkward_file_names_are_refused_or_shown_clean(server):
    table = names("filename")
    assert len(table) > 30
    for row in table:
        raw = bytes.fromhex(row["utf8_hex"])
        try:
            text = json.dumps(raw.decode()).encode()
        except UnicodeDecodeError:
            text = b'"' + raw + b'"'
        answer = call(server, "POST", "/v1/uploads", b'{"filename":' + text + b',"content_type":"image/png","size_bytes":9}')
        if answer.status == 400:
            assert row["expected"] == "reject", (row, answer)
            continue
        assert answer.status == 201 and b"Injected" not in repr(answer.fields).encode(), (row, answer)
        raw.decode()  # what is not UTF-8 is never taken
        shown = call(server, "GET", f"/v1/images/{answer.json()['image_id']}").json()["filename"]
        assert not any(ord(c) < 0x20 or c in "/\\\x7f\u202e" for c in shown), (row, shown)


def test_awkward_keys_are_refused_or_are_that_very_key(server):
    table = names("key")
    assert len(table) > 10, table[:1]
    server.boto3_client().create_bucket(Bucket="awkward")
    files = sorted(Path(server.data_dir).iterdir())
    for row in table:
        key = bytes.fromhex(row["utf8_hex"])
        target = "/awkward/" + urllib.parse.quote(key)
        body = row["id"].encode()
        put = ask(server.store_url, "PUT", body, sign(server, "PUT", target, payload=body), target=target)
        if put.status != 200:
            assert_refused(put, 400, 409, 501)
            assert row["expected"] == "reject", (row, put)
            continue
        got = ask(server.store_url, "GET", headers=sign(server, "GET", target), target=target)
        assert (got.status, got.body) == (200, body), row
    assert sorted(Path(server.data_dir).iterdir()) == files
