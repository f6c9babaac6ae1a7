"""Attacks on the edge (G 98-116): signatures, parameters, the cache, what is served as what."""
import hashlib
import time
import urllib.parse

import pytest
from attacker import (
    ask, assert_refused, call, exchange, jwt, netloc, nothing_left_behind, permission, png, send_upload, settled_traces, upload, wait_for,
)
from pixgate_server import PixgateServer

TOKEN_SECRET = "an-edge-test-secret-of-32-bytes-and-more"
CONFIG = f'''
[[policies]]
name = "private"
visibility = "private"
[jwt]
issuer = "https://issuer.example"
audience = "pixgate"
[[jwt.keys]]
id = "hmac"
algorithm = "HS256"
secret = "{TOKEN_SECRET}"
'''
PNG = png(600, 400)
ABSENT = "01890000-0000-7000-8000-000000000000"
GOOD_TYPES = {"image/jpeg", "image/png", "image/webp"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(CONFIG)
    with PixgateServer("--config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def public(server):
    return upload(server, PNG, filename='"><script>alert(1)</script>.html')["image_id"]


@pytest.fixture(scope="module")
def private(server):
    return upload(server, PNG, policy="private")["image_id"]


def see(server, image_id, options, headers=(), method="GET"):
    return ask(f"{server.api_url}/i/{image_id}/{options}", method, headers=headers)


def link(server, image_id, transform):
    answer = call(server, "POST", f"/v1/images/{image_id}/links", {"transforms": [transform]})
    assert answer.status == 200, answer
    return answer.json()["links"][0]["url"]


def settle(server):
    """Made variants are written in the background: wait until the last one is."""
    settled_traces(server)


def test_pictures_are_served_as_they_should(server, public, private):
    assert see(server, public, "thumb").status == 200
    assert ask(link(server, private, "thumb")).status == 200
    assert ask(link(server, public, "w=301")).status == 200


def bent(url):
    """The signed URL in forms that were not signed."""
    base, _, query = url.partition("?")
    items = dict(urllib.parse.parse_qsl(query))
    sig = items["sig"]
    flipped = ("A" if sig[0] != "A" else "B") + sig[1:]
    yield base
    yield base + "?sig=" + sig
    for name, values in {
        "sig": [flipped, sig[:-1], sig[:10], "", sig + "A", sig.swapcase(), "%00", "A" * 5_000],
        "exp": [str(int(items["exp"]) + 300), "0", "-1", "99999999999999999999", "x", "", items["exp"] + ".0", "+" + items["exp"], " " + items["exp"]],
        "kid": ["other", "", "../k1", items["kid"] * 2, "k1%00"],
    }.items():
        for value in values:
            yield base + "?" + "&".join(f"{n}={value if n == name else v}" for n, v in items.items())
        yield base + "?" + "&".join(f"{n}={v}" for n, v in items.items() if n != name)
        yield url + f"&{name}={items[name]}"
        yield url.replace(f"{name}=", f"{name.upper()}=")
    yield url.replace("/i/", "/i//")
    yield base + f"/{sig}?" + query


def test_g98_a_private_picture_needs_its_own_signature(server, private, public):
    url = link(server, private, "w=320")
    with nothing_left_behind(server):
        for other in bent(url):
            answer = ask(other)
            assert_refused(answer, 400, 403, 404)
            assert "no-store" in answer.get("Cache-Control")
        for swapped in (url.replace(private, public), link(server, public, "w=320").replace(public, private)):
            assert_refused(ask(swapped), 403)


@pytest.mark.parametrize("change", [
    lambda u: u.replace("w=301", "w=302"), lambda u: u.replace("w=301", "w=301,h=301"), lambda u: u.replace("w=301", "w=0301"),
    lambda u: u.replace("w=301", "w=%33%30%31"), lambda u: u.replace("w=301", "W=301"), lambda u: u.replace("/i/", "/I/"),
    lambda u: u.replace("w=301", "w=301,"), lambda u: u.replace("?", "/?"), lambda u: u.replace("w=301", "thumb/../w=301"),
])
def test_g98_what_is_signed_is_what_is_served(server, public, change):
    url = link(server, public, "w=301")
    with nothing_left_behind(server):
        assert_refused(ask(change(url)), 400, 403, 404)


def test_g99_sizes_are_listed_or_signed(server, public):
    before = ask(server.api_url + "/metrics").body.decode()
    jobs = [line for line in before.splitlines() if line.startswith("pixgate_sandbox_jobs_total")]
    with nothing_left_behind(server):
        for width in (*range(301, 320), 9, 1_000, 2_047, 4_096):
            for options in (f"w={width}", f"h={width}", f"w=320,h={width}", f"w={width},h={width},fit=cover"):
                answer = see(server, public, options)
                assert_refused(answer, 403)
        for quality in (1, 79, 81, 100):
            assert_refused(see(server, public, f"w=320,q={quality}"), 403)
        for other in (ABSENT, "x"):
            assert_refused(see(server, other, "w=301"), 403, 404)
    after = ask(server.api_url + "/metrics").body.decode()
    assert [line for line in after.splitlines() if line.startswith("pixgate_sandbox_jobs_total")] == jobs, "something was computed"


def test_g99_a_client_signs_listed_sizes_only(server):
    now = int(time.time())
    claims = {"iss": "https://issuer.example", "aud": "pixgate", "sub": "alice", "exp": now + 300}
    key = jwt(claims, TOKEN_SECRET, {"alg": "HS256", "kid": "hmac", "typ": "JWT"})
    mine = call(server, "POST", "/v1/uploads", {"filename": "a", "content_type": "image/png", "size_bytes": len(PNG)}, token=key).json()
    for transform in ("w=301", "w=320,q=81", "w=320,h=301"):
        assert_refused(call(server, "POST", f"/v1/images/{mine['image_id']}/links", {"transforms": [transform]}, token=key), 403)
    assert call(server, "POST", f"/v1/images/{mine['image_id']}/links", {"transforms": ["w=320"]}, token=key).status == 200


@pytest.mark.parametrize("options", [
    "w=-1", "w=0", "w=NaN", "w=1e309", "w=0x10", "w=300px", "w[]=300", "w=\u0663\u0662\u0660", "w=320,w=320", "w=320,w=640", "x=1", "w=320,x=1", "w=",
    "w", "", "=320", "w=320,", ",w=320", "w=320,,h=320", "w=320;h=320", "w=320&h=320", "w=+320", "w= 320", "w=320.0", "w=99999999999999999999", "w=4294967616",
    "w=5000", "q=0", "w=320,q=101", "w=320,f=svg", "w=320,f=heic", "w=320,f=", "w=320,fit=fill", "w=320,fit=cover", "fit=pad", "w=320,f=JPEG", "w=320,F=jpeg",
    "w=320%00", "w=320%0a", "w=320%2Ch=320%2C", "w=320,blur=0", "w=320,metadata=keep", "WIDTH=320", "w=\u200b320", "../thumb", "thumb%2f..%2fthumb", "THUMB",
    "max_src_resolution=500", "w=320,max_src_resolution=1000", "w=320,url=http://127.0.0.1/", "w=320,watermark=/etc/passwd", "w" * 8_000, "w=320" + ",f=jpeg" * 500,
])
def test_g100_g102_parameters_are_strict(server, public, options):
    options = urllib.parse.quote(options, safe="=,%&;[]+/.")
    with nothing_left_behind(server):
        assert_refused(see(server, public, options), 400, 403, 404, 414)


@pytest.mark.parametrize("options", [
    "dpr=0.5", "dpr=5", "dpr=1.333", "dpr=2e0", "rotate=45", "rotate=-90", "flip=vh", "trim=0", "trim=256", "background=%23fff", "background=red", "blur=0", "blur=1e1",
    "blur=100.1", "sharpen=-1", "brightness=2.01", "brightness=-1", "contrast=NaN", "saturation=\uff11", "grayscale=true", "watermark=file:///etc/passwd", "watermark=top:101",
    "crop=0x0x0x0", "crop=-1x0x1x1", "crop=1x1x1x99999", "gravity=1.5x0", "gravity=0.3", "gravity=Top", "anim=yes", "enlarge=2", "metadata=keep", "q=best", "q=080", "w=auto",
])
def test_g100_every_parameter_is_strict_and_named(server, public, options):
    quoted = urllib.parse.quote(options, safe="=,%.:")
    with nothing_left_behind(server):
        for url in (quoted, "w=320," + quoted) if not options.startswith("w=") else (quoted,):
            answer = see(server, public, url)
            assert_refused(answer, 400)
            assert f'"field":"{options.split("=")[0]}"' in answer.body.decode()


@pytest.mark.parametrize("options", [
    "blur=2", "sharpen=1", "crop=0x0x9x9", "rotate=90", "flip=h", "trim=9", "background=fff", "brightness=1.1", "contrast=1.1", "saturation=0", "grayscale=1",
    "anim=1", "metadata=copyright", "h=320,fit=cover,gravity=0.1x0.1", "dpr=1.01",
])
def test_g99_what_is_not_free_needs_a_signature(server, public, options):
    with nothing_left_behind(server):
        assert_refused(see(server, public, "w=320," + options), 403)


def test_g99_no_mark_is_put_where_none_is_configured(server, public):
    with nothing_left_behind(server):
        assert_refused(see(server, public, "w=320,watermark=top"), 400)


def test_g98_g103_a_family_signature_is_not_widened(server, private, public):
    def family(scope):
        answer = call(server, "POST", f"/v1/images/{private}/links", {"family": scope})
        assert answer.status == 200, answer
        return answer.json()["family"]["url_template"]

    listed, image = family("listed"), family("image")
    assert ask(listed.replace("{transform}", "w=320")).status == 200
    assert ask(image.replace("{transform}", "w=301,grayscale=1")).status == 200
    settle(server)
    with nothing_left_behind(server):
        assert_refused(ask(listed.replace("{transform}", "w=301")), 403)
        for url in (listed.replace("scope=listed", "scope=image"), listed.replace("&scope=listed", ""), image.replace("&scope=image", ""), image + "&scope=image",
                    image.replace(private, public), image.replace("scope=image", "scope=IMAGE")):
            assert_refused(ask(url.replace("{transform}", "w=320")), 403)


def test_g98_g99_dialects_are_off_and_read_nothing_but_our_own(server, public, tmp_path):
    ways = [f"/imgproxy/_/w:{{}}/plain/{public}", f"/cdn-cgi/image/w={{}}/{public}", f"/render/image/public/pixgate-originals/{public}?width={{}}", f"/ipx/w_{{}}/{public}"]
    for way in ways:
        assert_refused(ask(server.api_url + way.format(320)), 404)
    config = tmp_path / "pixgate.toml"
    config.write_text('[edge]\ndialects = ["imgproxy", "cloudflare", "supabase", "ipx"]\n[[presets]]\nname = "hero"\ntransform = "w=301,grayscale=1"\n')
    with PixgateServer("--config", str(config)) as other:
        own = upload(other, PNG)["image_id"]
        assert see(other, own, "hero").status == 200
        for way in ways:
            assert ask(other.api_url + way.format(320).replace(public, own)).status == 200, way
            assert_refused(ask(other.api_url + way.format(333).replace(public, own)), 403)
            for foreign in ("http://127.0.0.1:9000/x", "..%2f..%2fetc%2fpasswd", "file:///etc/passwd", ABSENT):
                assert_refused(ask(other.api_url + way.format(320).replace(public, foreign)), 400, 404)


def test_g101_one_picture_has_one_entry_in_the_cache(server, public):
    see(server, public, "w=480,f=jpeg")
    settle(server)
    with nothing_left_behind(server):
        wanted = see(server, public, "w=480,f=jpeg")
        for same in ("f=jpeg,w=480", "w=480,f=jpeg,fit=scale-down", "w=480,q=80,f=jpeg", "fit=scale-down,q=80,f=jpeg,w=480", "%77=480,f=jpeg", "w=480%2Cf=jpeg",
                     "w=480,f=jpeg?a=b", "w=480,f=jpeg?utm_source=x&v=2"):
            answer = see(server, public, same)
            assert answer.status in (200, 400), answer
            if answer.status == 200:
                assert answer.body == wanted.body and answer.get("ETag") == wanted.get("ETag"), same


def test_g103_nothing_is_taken_off_a_signed_url(server, private):
    url = link(server, private, "w=320,h=320,fit=cover,q=40")
    assert ask(url).status == 200
    settle(server)
    with nothing_left_behind(server):
        for less in ("w=320,h=320,fit=cover", "w=320,h=320", "w=320,h=320,fit=pad,q=40", "h=320,w=320,fit=cover,q=40", "w=320,h=320,fit=cover,q=40,f=png", "thumb"):
            assert_refused(ask(url.replace("w=320,h=320,fit=cover,q=40", less)), 403)


UNKEYED = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("DPR", "3"), ("Save-Data", "on"), ("Width", "9999"), ("Viewport-Width", "1"),
           ("Origin", "https://evil.example"), ("Referer", "https://evil.example/"), ("User-Agent", "x" * 1_000), ("Cookie", "session=other"),
           ("Authorization", "Bearer x"), ("Accept-Language", "ko"), ("Accept-Encoding", "gzip, br"), ("X-Original-URL", "/i/x"), ("If-None-Match", '"x"'),
           ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Forwarded", "host=evil.example"), ("Sec-Fetch-Dest", "document"), ("Cache-Control", "no-cache"),
           ("X-Tenant", "other"), ("Content-Type", "text/html"), ("Content-Length", "0"), ("TE", "trailers"), ("Pragma", "no-cache"), ("Early-Data", "1")]


@pytest.mark.parametrize("field", UNKEYED, ids=[name for name, _ in UNKEYED])
def test_g104_g107_only_accept_changes_the_answer(server, public, field):
    plain = see(server, public, "w=320,f=jpeg")
    settle(server)
    with nothing_left_behind(server):
        answer = see(server, public, "w=320,f=jpeg", [field])
        assert answer.status == plain.status == 200 and answer.body == plain.body
        skipped = {"Date", "x-request-id", "X-Request-Id", "Cache-Status"}
        assert {f for f in answer.fields if f[0] not in skipped} == {f for f in plain.fields if f[0] not in skipped}


@pytest.mark.parametrize("accept", ["image/webp", "text/html", "*/*", "image/svg+xml", "image/webp;q=0", "", "image/avif,image/webp,*/*", "a" * 4_000, "image/webp" + ",a/b" * 2_000,
                                    "IMAGE/WEBP", "image/webp;q=x"])
def test_g104_accept_gives_one_of_two_and_says_so(server, public, accept):
    answer = see(server, public, "w=320", [("Accept", accept)])
    assert answer.status == 200 and answer.get("Content-Type") in GOOD_TYPES
    assert answer.get("Vary") == "Accept"
    kinds = {hashlib.sha256(see(server, public, "w=320", [("Accept", a)]).body).digest() for a in ("image/webp", "text/html", "*/*")}
    assert hashlib.sha256(answer.body).digest() in kinds and len(kinds) == 2


@pytest.mark.parametrize("path", [
    "/v1/images.png", "/v1/images/x.png", "/v1/images;.jpg", "/v1/images%0a.jpg", "/v1/images%3f.jpg", "/v1/images/%2e%2e/i/x.css", "/metrics/x.png", "/metrics;a.css",
    "/v1/images/..%2f..%2fi/x/thumb", "/i/../v1/images", "/i/..%2fv1%2fimages", "/I/x/thumb",
])
def test_g105_nothing_of_the_api_is_found_under_a_pictures_name(server, path):
    answer = ask(server.api_url + path, headers=[("Authorization", f"Bearer {server.keys['server']}")])
    assert_refused(answer, 400, 403, 404)
    assert "public" not in answer.get("Cache-Control", "")


def test_g105_what_is_for_one_caller_is_kept_by_nobody(server, public, private):
    key = [("Authorization", f"Bearer {server.keys['server']}")]
    for path in ("/v1/images", f"/v1/images/{public}"):
        assert ask(server.api_url + path, headers=key).get("Cache-Control") == "no-store"
    for answer in (ask(link(server, private, "w=320")), ask(link(server, private, "w=320"), headers=[("If-None-Match", "*")])):
        assert "private" in answer.get("Cache-Control") and "public" not in answer.get("Cache-Control")


@pytest.mark.parametrize("suffix", [".css", ".js", ";.jpg", "%0a.jpg", "%3f.jpg", "/x.css", "%00.png", "%23"])
def test_g105_names_of_pictures_are_exact(server, public, suffix):
    with nothing_left_behind(server):
        assert_refused(see(server, public, "thumb" + suffix), 400, 404)
        assert_refused(see(server, public + suffix, "thumb"), 400, 403, 404)


def test_g106_errors_and_pieces_are_not_kept_in_place_of_the_picture(server):
    image_id = upload(server, PNG)["image_id"]
    first = [
        see(server, image_id, "w=160,f=png", [("Range", "bytes=0-9")]), see(server, image_id, "w=160,f=png", method="HEAD"),
        see(server, image_id, "w=160,f=png", [("Range", "bytes=99999999-")]), see(server, image_id, "w=160,f=png", [("If-Match", '"x"')]),
        see(server, image_id, "w=160,f=png", [("X-A", "a" * 20_000)]), see(server, image_id, "w=160,f=png", [("If-None-Match", "*")]),
        see(server, image_id, "w=160,f=png", [("Range", "bytes=" + ",".join(f"{n}-{n}" for n in range(500)))]),
        exchange(server.api_url, b"GET /i/%s/w=160,f=png HTTP/1.1\r\nHost: %s\r\nX: a\0\r\n\r\n" % (image_id.encode(), netloc(server.api_url).encode())),
    ]
    assert [a.status for a in first[:6]] == [206, 200, 416, 412, 431, 304], first
    assert len(first[0].body) == 10 and first[1].body == b""
    for answer in first:
        if answer.status >= 400:
            assert answer.get("Cache-Control") == "no-store", answer
        assert not answer.get("Content-Type", "").startswith("multipart/")
    whole = see(server, image_id, "w=160,f=png")
    assert whole.status == 200 and whole.body.startswith(b"\x89PNG") and int(whole.get("Content-Length")) == len(whole.body)
    assert whole.body[:10] == first[0].body and int(first[1].get("Content-Length")) == len(whole.body)


def test_g106_asked_for_too_early_it_is_there_later(server):
    given = permission(server, PNG)
    for _ in range(3):
        answer = see(server, given["image_id"], "thumb")
        assert answer.status == 202 and int(answer.get("Retry-After")) > 0
        assert answer.get("Cache-Control") == "no-store"
    assert send_upload(given["original"], PNG).status == 200
    wait_for(lambda: see(server, given["image_id"], "thumb").status == 200, "the picture is served")


def test_g107_the_keys_of_callers_open_nothing_at_the_edge(server, private):
    for key in ("admin", "server"):
        assert_refused(ask(f"{server.api_url}/i/{private}/thumb", headers=[("Authorization", f"Bearer {server.keys[key]}")]), 404)
    assert_refused(ask(f"{server.api_url}/i/{private}/thumb?key={server.keys['admin']}"), 404)


@pytest.mark.parametrize("options", ["thumb", "w=320", "w=320,f=png", "w=320,f=webp"])
def test_g108_a_picture_is_a_picture(server, public, options):
    for query in ("", "?content-type=text/html", "?response-content-type=text/html", "?filename=x.html", "?download=1"):
        answer = see(server, public, options + query)
        assert answer.status == 200 and answer.get("Content-Type") in GOOD_TYPES
        assert answer.get("X-Content-Type-Options") == "nosniff"
        assert "default-src 'none'" in answer.get("Content-Security-Policy") and "sandbox" in answer.get("Content-Security-Policy")
        assert answer.get("Cross-Origin-Resource-Policy") and answer.get("Set-Cookie") is None
        assert answer.get("Content-Disposition") is None
        assert b"script" not in answer.body and b"script" not in repr(answer.fields).encode()


def test_g108_what_stands_behind_a_picture_is_not_served(server):
    page = b"<!doctype html><script>alert('CANARY-POLY')</script>"
    image_id = upload(server, PNG + page)["image_id"]
    for options in ("thumb", "w=2048,f=png", "w=640,f=jpeg", "w=640,f=webp"):
        answer = see(server, image_id, options)
        assert answer.status == 200 and b"CANARY" not in answer.body


def test_g116_absent_and_forbidden_are_the_same(server, private):
    def shape(answer):
        return answer.status, sorted(n for n, _ in answer.fields), {**answer.json(), "request_id": ""}

    pending = permission(server, PNG, policy="private")["image_id"]
    for options in ("thumb", "w=320", "w=301"):
        shapes = [shape(see(server, image_id, options)) for image_id in (private, pending, ABSENT)]
        assert shapes[0] == shapes[1] == shapes[2]

    def median(image_id):
        took = []
        for _ in range(40):
            begun = time.perf_counter()
            see(server, image_id, "w=320")
            took.append(time.perf_counter() - begun)
        return sorted(took)[20]

    assert 0.25 < median(private) / median(ABSENT) < 4


def test_a_deleted_picture_is_gone_at_once(server):
    image_id = upload(server, PNG)["image_id"]
    signed = link(server, image_id, "w=301")
    assert see(server, image_id, "thumb").status == ask(signed).status == 200
    assert call(server, "DELETE", f"/v1/images/{image_id}").status == 204
    for answer in (see(server, image_id, "thumb"), ask(signed), see(server, image_id, "thumb", [("If-None-Match", "*")])):
        assert_refused(answer, 404)
