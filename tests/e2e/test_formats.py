"""BMP and SVG where a policy takes them, SVGs that want more than to be a picture, and colours as settings say."""
import base64
import io
import os
import re
import struct

import pytest
from attacker import (
    ask, assert_refused, call, descendants, link, permission, png, rss_mib, send_upload, upload, wait_for, wait_state, without_spare,
)
from PIL import Image, ImageChops, ImageCms, ImageStat
from pixgate_server import PixgateServer
from shared import need_shared

SETTINGS = """
[[policies]]
name = "all"
allowed_types = ["image/bmp", "image/svg+xml"]
presets = ["thumb", "w320"]
"""
VERDICTS = ("ready", "rejected", "quarantined", "failed")
VERDICT_WITHIN_S = 60
MAX_GROWTH_MIB = 40
RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 160, 0)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("formats") / "pixgate.toml"
    config.write_text(SETTINGS)
    with PixgateServer("--config", str(config)) as running:
        yield running


def see(server, image_id, options, accept="*/*"):
    return ask(f"{server.api_url}/i/{image_id}/{options}", headers=[("Accept", accept)])


def shown(answer, kind=None):
    """The picture in it; kind: as Pillow names its format."""
    assert answer.status == 200, answer
    picture = Image.open(io.BytesIO(answer.body))
    assert kind is None or picture.format == kind
    assert answer.get("Content-Type") == "image/" + picture.format.lower()
    return picture


def is_near(pixel, wanted, by=12):
    return all(abs(value - other) <= by for value, other in zip(pixel[:3], wanted))


def bmp(width, height):
    """24 bits, from the bottom row to the top: red to the left, blue to the right."""
    left = width // 2
    row = bytes(reversed(RED)) * left + bytes(reversed(BLUE)) * (width - left)
    rows = (row + b"\0" * (-len(row) % 4)) * height
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return struct.pack("<2sIHHI", b"BM", 54 + len(rows), 0, 0, 54) + head + rows


def svg(inside="", attributes='width="100" height="100"', before=""):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
    return f'<?xml version="1.0"?>{before}{head}{inside}</svg>'.encode()


HALVES = '<rect width="50" height="100" fill="#f00"/><rect x="50" width="50" height="100" fill="#00f"/>'


@pytest.mark.parametrize("content_type, picture", [("image/bmp", bmp(400, 300)), ("image/svg+xml", svg(HALVES, 'width="400" height="300" '
                         'viewBox="0 0 100 100" preserveAspectRatio="none"'))], ids=["bmp", "svg"])
def test_a_policy_that_takes_it_gives_pictures_of_it(server, content_type, picture):
    image = upload(server, picture, content_type, policy="all")
    facts = image["original"]
    assert (facts["content_type"], facts["width_px"], facts["height_px"]) == (content_type, 400, 300), image
    assert sorted(v["name"] for v in image["variants"] if v["kind"] == "preset") == ["thumb", "w320"]
    for options, size in {"w320": (320, 240), "w=160": (160, 120), "w=96,h=96,fit=cover": (96, 96), "thumb": (256, 256)}.items():
        pictures = [shown(see(server, image["image_id"], options, "image/webp"), "WEBP")]
        if options.startswith("w="):
            pictures.append(shown(see(server, image["image_id"], options + ",f=jpeg"), "JPEG"))
        for one in pictures:
            assert one.size == size, (options, one.format)
            one = one.convert("RGB")
            assert is_near(one.getpixel((size[0] // 4, size[1] // 2)), RED), (options, one)
            assert is_near(one.getpixel((size[0] * 3 // 4, size[1] // 2)), BLUE), (options, one)


def test_an_svg_is_drawn_anew_at_a_larger_size(server):
    image = upload(server, svg(HALVES), "image/svg+xml", policy="all")
    assert shown(see(server, image["image_id"], "w=640")).size == (100, 100)
    large = shown(ask(link(server, image["image_id"], "w=800,fit=contain,enlarge=1,f=png")), "PNG").convert("RGB")
    assert large.size == (800, 800)
    # Drawn, not blown up: from one colour to the other there is nothing in between.
    assert is_near(large.getpixel((398, 400)), RED) and is_near(large.getpixel((402, 400)), BLUE)


@pytest.mark.parametrize("content_type, picture", [("image/bmp", bmp(40, 30)), ("image/svg+xml", svg(HALVES))], ids=["bmp", "svg"])
def test_a_policy_that_says_nothing_of_it_refuses_it(server, content_type, picture):
    wish = {"filename": "a", "content_type": content_type, "size_bytes": len(picture)}
    assert_refused(call(server, "POST", "/v1/uploads", wish), 400)
    for said in ("image/png", "image/jpeg"):
        image = upload(server, picture, said, states=("rejected",))
        assert image["reason"], image
        assert_refused(see(server, image["image_id"], "thumb"), 404)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """Files that would show if anything of them came into a picture: all of them are green."""
    folder = tmp_path_factory.mktemp("secrets")
    green = '<rect id="all" width="100" height="100" fill="#00a000"/>'
    (folder / "secret.png").write_bytes(png(100, 100, GREEN))
    (folder / "secret.svg").write_bytes(svg(green))
    (folder / "secret.xml").write_text(green.replace("<rect ", '<rect xmlns="http://www.w3.org/2000/svg" '))
    (folder / "secret.css").write_text("rect { fill: #00a000 }")
    (folder / "secret.dtd").write_text(f"<!ENTITY leak '{green}'>")
    return folder


PASSWORDS = "file:///etc/passwd"
# name: (before the root, inside), with {} for the folder of secrets; each beside itself without the part in «».
REACHES_OUT = {
    "image": ("", HALVES + '«<image width="100" height="100" href="file://{}/secret.png"/>»'),
    "image-xlink": ("", HALVES + '«<image width="100" height="100" xlink:href="file://{}/secret.png"/>»'),
    "image-path": ("", HALVES + '«<image width="100" height="100" href="{}/secret.png"/>»'),
    "image-svg": ("", HALVES + '«<image width="100" height="100" xlink:href="file://{}/secret.svg"/>»'),
    "passwd": ("", HALVES + f'«<image width="100" height="100" href="{PASSWORDS}"/>»'),
    "passwd-xlink": ("", HALVES + f'«<image width="100" height="100" xlink:href="{PASSWORDS}"/>»'),
    "use": ("", HALVES + '«<use xlink:href="file://{}/secret.svg#all"/>»'),
    "filter": ("", HALVES + '<filter id="f" x="0" y="0" width="1" height="1">«<feImage href="file://{}/secret.png"/>»</filter>'
               '<rect width="10" height="10" filter="url(#f)"/>'),
    "import": ("", '<style>«@import url("file://{}/secret.css");»</style>' + HALVES),
    "stylesheet": ('«<?xml-stylesheet type="text/css" href="file://{}/secret.css"?>»', HALVES),
    "include": ("", HALVES + '«<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file://{}/secret.xml"/>»'),
    "include-passwd": ("", HALVES + f'«<text y="9"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{PASSWORDS}"/></text>»'),
    "entity": ('<!DOCTYPE svg [<!ENTITY leak SYSTEM "file://{}/secret.xml">]>', HALVES + "«&leak;»"),
    "entity-passwd": (f'<!DOCTYPE svg [<!ENTITY leak SYSTEM "{PASSWORDS}">]>', HALVES + '«<text y="9">&leak;</text>»'),
    "entity-parameter": ('<!DOCTYPE svg [<!ENTITY % more SYSTEM "file://{}/secret.dtd"> %more;]>', HALVES + "«&leak;»"),
    "entity-elsewhere": ('<!DOCTYPE svg SYSTEM "file://{}/secret.dtd">', HALVES + "«&leak;»"),
    "network": ("", HALVES + '«<image width="100" height="100" href="http://127.0.0.1:1/secret.png"/>»'),
}
SCRIPT = '<script>document.location = "http://127.0.0.1:1/CANARY"</script>'
FOREIGN = ('<foreignObject width="100" height="100"><body xmlns="http://www.w3.org/1999/xhtml"><p>CANARY</p><script>alert(1)</script>'
           '<iframe src="file:///etc/passwd"/></body></foreignObject>')
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "laughs": svg("<text>&l9;</text>", before=f'<!DOCTYPE svg [<!ENTITY l0 "<rect/>">{LAUGHS}]>'),
    "quadratic": svg("<g>" + "&a;" * 200_000 + "</g>", before=f'<!DOCTYPE svg [<!ENTITY a "{"x" * 3_000}">]>'),
    "endless-entity": svg("&a;", before='<!DOCTYPE svg [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'),
    "wide": svg(HALVES, 'width="1000000000" height="1"'),
    "high": svg(HALVES, 'width="1" height="1000000000"'),
    "huge": svg(HALVES, 'width="99999999999999999999in" height="99999999999999999999in"'),
    "flood": svg(HALVES, 'width="16384" height="16384"'),
    "huge-box": svg(HALVES, 'viewBox="0 0 100000000 100000000"'),
    "no-size": svg(HALVES, ""),
    "huge-inside": svg('<rect width="1e30" height="1e30"/><circle r="1e300" stroke-width="1e300" stroke="red"/>'),
    "script": svg(HALVES + SCRIPT, 'width="100" height="100" onload="alert(1)"'),
    "foreign": svg(HALVES + FOREIGN),
    "deep": svg("<g>" * 50_000 + "</g>" * 50_000),
    "use-itself": svg('<g id="a"><use xlink:href="#a"/></g>'),
    "use-bomb": svg('<g id="u0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="u{n}">{f"""<use xlink:href="#u{n - 1}"/>""" * 10}</g>' for n in range(1, 10))),
    "blur": svg('<filter id="f" width="1000" height="1000"><feGaussianBlur stdDeviation="100000"/></filter>'
                '<rect width="100" height="100" filter="url(#f)"/>'),
    "dashes": svg('<path d="M0 0H100000000" stroke="red" stroke-dasharray="0.00001"/>'),
    "cut-off": svg(HALVES)[:-20],
}
TOO_MUCH = ("laughs", "endless-entity", "wide", "high", "huge", "flood", "huge-box", "no-size", "deep", "use-bomb", "cut-off")
MAY_BE_TOO_SLOW = ("use-bomb",)  # librsvg counts elements, and comes to its half million late


def send(server, picture):
    given = permission(server, picture, "image/svg+xml", policy="all")
    assert send_upload(given["original"], picture).status == 200
    return given["image_id"]


def drawn(server, picture):
    """Its pixels, or None where it was refused."""
    image = wait_state(server, send(server, picture), VERDICTS, VERDICT_WITHIN_S)
    if image["state"] == "ready":
        return list(shown(see(server, image["image_id"], "w=96,f=png"), "PNG").convert("RGBA").getdata())
    assert image["state"] == "rejected" and image["reason"], image
    return None


def test_what_an_svg_brings_with_it_is_drawn(server):
    """So a secret would be seen by the next test."""
    plain, green = drawn(server, svg(HALVES)), base64.b64encode(png(100, 100, GREEN)).decode()
    embedded = drawn(server, svg(HALVES + f'<image width="100" height="100" href="data:image/png;base64,{green}"/>'))
    entity = '<!DOCTYPE svg [<!ENTITY all "<rect width=\'100\' height=\'100\' fill=\'#00a000\'/>">]>'
    by_entity = drawn(server, svg(HALVES + "&all;", before=entity))
    assert not any(is_near(pixel, GREEN) for pixel in plain)
    assert all(is_near(pixel, GREEN) for pixel in embedded + by_entity)


@pytest.mark.parametrize("name", REACHES_OUT)
def test_f83_an_svg_reaches_nothing_outside_of_itself(server, secrets, name):
    before, inside = (part.replace("{}", str(secrets)) for part in REACHES_OUT[name])
    bare = [re.sub("«.*?»", "", part) for part in (before, inside)]
    full = [part.replace("«", "").replace("»", "") for part in (before, inside)]
    assert full != bare
    with_it, without_it = drawn(server, svg(full[1], before=full[0])), drawn(server, svg(bare[1], before=bare[0]))
    if with_it is not None:
        assert with_it == without_it
        assert not any(is_near(pixel, GREEN) for pixel in with_it)


def test_f83_hostile_svgs_get_a_verdict_and_cost_the_server_nothing(server):
    drawn(server, svg(HALVES))  # what the first picture needs is not growth
    before = rss_mib(server.process.pid)
    sent = {name: send(server, picture) for name, picture in HOSTILE.items()}
    images = {name: wait_state(server, image_id, VERDICTS, VERDICT_WITHIN_S) for name, image_id in sent.items()}
    for name, image in images.items():
        good = {"ready", "rejected", "quarantined"} if name in MAY_BE_TOO_SLOW else {"ready", "rejected"}
        assert image["state"] in good and (image["state"] == "ready" or image["reason"]), (name, image)
    assert {name for name in TOO_MUCH if images[name]["state"] == "ready"} == set()
    assert rss_mib(server.process.pid) - before < MAX_GROWTH_MIB
    assert server.process.poll() is None and upload(server, png())["state"] == "ready"
    # The zygote, and warm workers.
    wait_for(lambda: len(without_spare(descendants(server.process.pid))) <= 1 + os.cpu_count(), "no child of a picture is left")


@pytest.mark.parametrize("inside", [SCRIPT, FOREIGN], ids=["script", "foreign"])
def test_f83_an_svgs_page_is_shown_by_nobody(server, inside):
    image = wait_state(server, send(server, svg(HALVES + inside)))
    assert drawn(server, svg(HALVES + inside)) == drawn(server, svg(HALVES))
    for options in ("thumb", "w320", "w=64", "w=64,f=png", "w=64,f=jpeg"):
        answer = see(server, image["image_id"], options, "image/svg+xml,image/webp,*/*")
        assert shown(answer).format in ("PNG", "JPEG", "WEBP") and b"CANARY" not in answer.body
    original = ask(image["original"]["url"])
    assert original.get("X-Content-Type-Options") == "nosniff" and "sandbox" in original.get("Content-Security-Policy")


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    """Wide colours kept, and light added up as light."""
    config = tmp_path_factory.mktemp("coloured") / "pixgate.toml"
    config.write_text("[imaging]\nkeep_wide_gamut = true\nlinear_light = true\n")
    with PixgateServer("--config", str(config)) as running:
        yield running


def distance(one, other):
    """Mean difference of all values, at the size of the smaller."""
    one, other = (picture.convert("RGB").resize((64, 64), Image.BOX) for picture in (one, other))
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def test_wide_colours_are_kept_where_settings_say_so(server, coloured):
    photo = need_shared("corpus", "color", "p3-quadrants.jpg").read_bytes()
    sent = Image.open(io.BytesIO(photo))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(sent.info["icc_profile"]))
    narrow = ImageCms.profileToProfile(sent, profile, ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC)
    assert distance(sent, narrow) > 10, "a photo in which sRGB and P3 are the same would prove nothing"
    for where in (server, coloured):
        image_id = upload(where, photo, "image/jpeg")["image_id"]
        for options, kind in {"w320": "WEBP", "w=96,f=jpeg": "JPEG", "w=160,f=png": "PNG"}.items():
            answer = see(where, image_id, options, "image/webp")
            if kind == "WEBP":
                assert "detail=bucket" in answer.get("Cache-Status"), answer
            picture = shown(answer, kind)
            icc = picture.info.get("icc_profile")
            if where is coloured:
                assert "P3" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))), options
                assert distance(picture, sent) < 3, options
            else:
                assert icc is None, options
                assert distance(picture, narrow) < 3, options


def test_light_is_added_up_as_light_where_settings_say_so(server, coloured):
    """A checker as fine as its pixels gives half of the light, which is 188 of 255; half of the numbers is 128."""
    checker = Image.frombytes("L", (400, 400), bytes(255 * ((x + y) % 2) for y in range(400) for x in range(400)))
    file = io.BytesIO()
    checker.convert("RGB").save(file, "PNG")
    for where, wanted in {server: 128, coloured: 188}.items():
        image_id = upload(where, file.getvalue())["image_id"]
        for options in ("w=96,f=png", "thumb"):
            mean = ImageStat.Stat(shown(see(where, image_id, options, "image/webp")).convert("L")).mean[0]
            assert abs(mean - wanted) < 6, (options, mean)
