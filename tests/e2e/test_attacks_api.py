"""Attacks on the API: asking for permission to upload (A 1-16), tokens and roles (I 126-129, 137-138)."""
import json
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from attacker import (
    ask, assert_refused, base64url, call, jwt, nothing_left_behind, page_key, permission, png, presign, send_upload, upload,
    wait_events_done, wait_for, wait_state,
)
from pixgate_server import PixgateServer

SECRET = "token-canary-secret-0123456789abcdef-xyz"
# Nobody has its private half any more.
PUBLIC_PEM = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAl8wG8RSMA7gSNFxJqSWD
AWhRjxU8ywkLJIeOqRORxmX2u/Lx0OtXObyZdW0AvYTPa25e7oq54JO6ckfywrYW
mq6AwxuIE4bdAX7mg5VOEvL3H8WmDrW9E1Vm6OCJuPsOVJbLBUtxfOsem+oxNSox
bsJZwUM76tYBHEPqmQOQLOBnYghKQebMsMZ+DziunHUTFZQS9wamXMtJaNh2oFLr
WVGu/1QGsHLJ37c4K/IdT4sTOSaASWT3cDQga/SHvmTXNoAyrE86NHEE916xTaqF
W7YnhRCCYPMm3vq+b1PMiF0V0o2i1F5Zx4RCagKwftcclMJ5U5DtNq/rqMEKQkXi
6wIDAQAB
-----END PUBLIC KEY-----
"""
CONFIG = f'''
[api]
cors_allowed_origins = ["https://app.example"]
[jwt]
issuer = "https://issuer.example"
audience = "pixgate"
[[jwt.keys]]
id = "hmac"
algorithm = "HS256"
secret = "{SECRET}"
[[jwt.keys]]
id = "rsa"
algorithm = "RS256"
public_key = """
{PUBLIC_PEM}"""
'''
PNG = png()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(CONFIG)
    with PixgateServer("--config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def ready(server):
    """A picture of `local`, the owner of the keys of the first start."""
    return upload(server, PNG)


def claims(owner="alice", **more):
    now = int(time.time())
    return {"iss": "https://issuer.example", "aud": "pixgate", "sub": owner, "exp": now + 300, "nbf": now - 10, **more}


def token(owner="alice", header=None, **more):
    return jwt(claims(owner, **more), SECRET, header or {"alg": "HS256", "kid": "hmac", "typ": "JWT"})


def wish(**changes):
    return {"filename": "a.png", "content_type": "image/png", "size_bytes": len(PNG), **changes}


def ask_permission(server, **changes):
    return call(server, "POST", "/v1/uploads", wish(**changes))


def test_tokens_that_are_good_work(server):
    assert call(server, "POST", "/v1/uploads", wish(), token=token()).status == 201


@pytest.mark.parametrize("credential", [
    None, "Bearer", "Bearer ", "Bearer x", "Bearer pk_admin_", "Basic YWRtaW46YWRtaW4=", "Bearer pk_server_" + "A" * 43,
    "bearer  ", "Token x", "Bearer ..", "Bearer a.b.c", "Bearer \u00e9",
])
def test_a01_without_a_valid_credential_nothing_is_given(server, credential):
    fields = [("Content-Type", "application/json")] + ([("Authorization", credential)] if credential else [])
    with nothing_left_behind(server):
        answer = ask(server.api_url + "/v1/uploads", "POST", json.dumps(wish()).encode(), fields)
        assert_refused(answer, 401)


def test_a01_another_owner_cannot_be_named(server):
    with nothing_left_behind(server):
        for key in (token("alice"), page_key(server)):
            assert_refused(call(server, "POST", "/v1/uploads", wish(owner="bob"), token=key), 403)
            assert_refused(call(server, "GET", "/v1/images?owner=bob", token=key), 403)
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=token(pixgate={"may": ["read"]})), 403)


@pytest.mark.parametrize("owner", ["a\r\nb", "a\0", "o" * 201, "o" * 60_000, "\x7f", "\x1b[31m"])
def test_a01_names_of_owners_are_short_and_plain(server, owner):
    with nothing_left_behind(server):
        answer = ask_permission(server, owner=owner)
        assert_refused(answer, 400)
        assert answer.json()["field"] == "owner"


@pytest.mark.parametrize("field", ["key", "bucket", "path", "object_key", "prefix"])
@pytest.mark.parametrize("value", ["../x", "/etc/x", "%2e%2e/x", "a\0b", "..\\x", "other/original"])
def test_a02_keys_are_not_the_clients_to_choose(server, field, value):
    with nothing_left_behind(server):
        answer = ask_permission(server, **{field: value})
        assert_refused(answer, 400)
        assert answer.json()["field"] == field


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "/etc/passwd", "%2e%2e%2fx", "a\0b.png", "..\\..\\x", "x" * 1024, "a\r\nX-Injected: 1.png", "..", "\u202egpj.exe",
])
def test_a02_file_names_are_labels(server, name):
    answer = ask_permission(server, filename=name)
    if answer.status == 400:
        return
    assert answer.status == 201, answer
    given = answer.json()
    path = urllib.parse.urlsplit(given["original"]["url"]).path
    assert path == f"/pixgate-originals/{given['image_id']}/original"
    shown = call(server, "GET", f"/v1/images/{given['image_id']}").json()["filename"]
    assert not set(shown) & set("/\\\0\r\n\u202e") and len(shown.encode()) <= 255


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "x" * 33, "%2e%2e", "a\0b", "a.b", "é"])
def test_a02_thumbnail_names_are_simple(server, name):
    with nothing_left_behind(server):
        assert_refused(ask_permission(server, thumbnails=[{"name": name, "content_type": "image/png", "size_bytes": 1}]), 400)


@pytest.mark.parametrize("size", [
    b"53687091200", b"-1", b"0", b"9223372036854775808", b"18446744073709551616", b'"1e9"', b"1e9", b"1.5", b"null", b"[]", b"true",
    b"9" * 400, b"0x10", b"01", b"+5", b"NaN",
])
def test_a03_sizes_that_are_none(server, size):
    body = b'{"filename":"a.png","content_type":"image/png","size_bytes":' + size + b"}"
    with nothing_left_behind(server):
        assert_refused(call(server, "POST", "/v1/uploads", body), 400)
        thumbnail = b'"thumbnails":[{"name":"t","content_type":"image/png","size_bytes":' + size + b"}]"
        body = b'{"filename":"a.png","content_type":"image/png","size_bytes":5,' + thumbnail + b"}"
        assert_refused(call(server, "POST", "/v1/uploads", body), 400)


def test_a03_no_size_and_broken_bodies(server):
    nested = b'{"metadata":' * 5_000
    bodies = [b'{"filename":"a.png","content_type":"image/png"}', b"", b"{", b"[]", b"null", b"{}x", nested, b"\xff\xfe",
              b'{"size_bytes":1,"size_bytes":2}', b'{"filename":"\\ud800","content_type":"image/png","size_bytes":1}']
    with nothing_left_behind(server):
        for body in bodies:
            assert_refused(call(server, "POST", "/v1/uploads", body), 400)
        assert_refused(call(server, "POST", "/v1/uploads", b" " * 70_000), 413)


def test_a04_other_lengths_than_the_signed_one_are_refused(server):
    given = permission(server, PNG)
    with nothing_left_behind(server):
        for body in (PNG[:-1], PNG + b"x", b"", PNG * 2):
            assert_refused(send_upload(given["original"], body), 403)
        chunked = [("Transfer-Encoding", "chunked")]
        body = b"%x\r\n" % len(PNG) + PNG + b"\r\n0\r\n\r\n"
        assert_refused(send_upload(given["original"], body, chunked), 403)
    assert send_upload(given["original"], PNG).status == 200


def test_a04_another_body_than_the_checksum_says_is_refused(server):
    import base64
    import hashlib

    right = base64.b64encode(hashlib.sha256(PNG).digest()).decode()
    given = permission(server, PNG, checksum_sha256=right)
    other = PNG[:-1] + bytes([PNG[-1] ^ 1])
    with nothing_left_behind(server):
        assert_refused(send_upload(given["original"], other), 400)
        wrong = base64.b64encode(hashlib.sha256(other).digest()).decode()
        assert_refused(send_upload(given["original"], other, **{"x-amz-checksum-sha256": wrong}), 403)


@pytest.mark.parametrize("content_type", [
    "text/html", "image/svg+xml", "image/png;x=<script>", "image/png; charset=utf-8", "", "a" * 10_000, "IMAGE/PNG", " image/png",
    "image/png\r\nX-Injected: 1", "image/tiff", "image/*", "application/octet-stream", "image/png\0",
])
def test_a05_types_outside_the_list(server, content_type):
    with nothing_left_behind(server):
        assert_refused(ask_permission(server, content_type=content_type), 400)
        thumbnail = {"name": "t", "content_type": content_type, "size_bytes": 10}
        assert_refused(ask_permission(server, thumbnails=[thumbnail]), 400)


def test_a06_what_is_stored_with_the_picture_cannot_be_changed_at_put(server):
    given = permission(server, PNG)["original"]
    added = [("Content-Disposition", 'inline; filename="x.html"'), ("Content-Encoding", "gzip"),
             ("Content-Language", "en"), ("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")]
    with nothing_left_behind(server):
        for kind in ("text/html", "image/svg+xml", "image/jpeg", ""):
            assert_refused(send_upload(given, PNG, **{"content-type": kind}), 403)
        for field in added:
            assert_refused(send_upload(given, PNG, [field]), 403)
        assert_refused(send_upload(given, PNG, [("Content-Type", "text/html")]), 400, 403)
        without = {name: value for name, value in given["headers"].items() if name != "if-none-match"}
        assert_refused(ask(given["url"], "PUT", PNG, without), 403)
    # Every browser adds this to a request with If-None-Match: taken, but not kept (store_auth_test.cpp).
    assert send_upload(given, PNG, [("Cache-Control", "no-cache"), ("Pragma", "no-cache")]).status == 200


@pytest.mark.parametrize("field", ["lifetime_seconds", "expires_in", "expires_at", "lifetime"])
def test_a07_nobody_asks_for_a_longer_life(server, field):
    with nothing_left_behind(server):
        assert_refused(ask_permission(server, **{field: 315_360_000}), 400)


def test_a07_the_life_of_a_permission_is_short_and_signed(server):
    given = permission(server, PNG)["original"]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(given["url"]).query)
    life = int(query["X-Amz-Expires"][0])
    assert 1 <= life <= 900
    with nothing_left_behind(server):
        longer = given["url"].replace(f"X-Amz-Expires={life}", "X-Amz-Expires=604800")
        assert_refused(ask(longer, "PUT", PNG, given["headers"]), 403)


def test_a07_a_policy_cannot_give_more_than_fifteen_minutes(tmp_path):
    with pytest.raises(AssertionError, match="ended with 2"):
        with PixgateServer("--set", "policy.lifetime_seconds=315360000"):
            pass


def test_a08_floods_are_slowed_and_open_permissions_are_counted():
    limits = ["--set", "api.client_requests_per_second=1", "--set", "api.client_request_burst=30",
              "--set", "api.max_open_uploads_per_client=5"]
    with PixgateServer(*limits) as server:
        key = page_key(server)
        answers = [call(server, "POST", "/v1/uploads", wish(), token=key) for _ in range(60)]
        given = [a for a in answers if a.status == 201]
        refused = [a for a in answers if a.status == 429]
        assert len(given) == 5 and len(refused) == 55
        for answer in refused:
            assert_refused(answer, 429)
            assert int(answer.get("Retry-After")) >= 1
        codes = {a.json()["code"] for a in refused}
        assert codes == {"open_uploads", "rate_limited"}
        assert len(call(server, "GET", "/v1/images").json()["images"]) == 5
        # Others are not slowed.
        assert call(server, "POST", "/v1/uploads", wish()).status == 201


def test_a08_the_count_of_open_permissions_holds_in_a_race():
    limits = ["--set", "api.client_request_burst=1000", "--set", "api.max_open_uploads_per_client=10"]
    with PixgateServer(*limits) as server:
        key = page_key(server)
        with ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda _: call(server, "POST", "/v1/uploads", wish(), token=key).status, range(60)))
        assert statuses.count(201) == 10 and statuses.count(429) == 50


def test_a08_an_idempotency_key_is_its_callers_own(server):
    def with_key(name, **who):
        return call(server, "POST", "/v1/uploads", wish(), headers=[("Idempotency-Key", name)], **who)

    first, again, other = with_key("k-1"), with_key("k-1"), with_key("k-1", token=token("alice"))
    assert first.json()["image_id"] == again.json()["image_id"] != other.json()["image_id"]
    with ThreadPoolExecutor(16) as pool:
        raced = list(pool.map(lambda _: with_key("k-2").json()["image_id"], range(32)))
    assert len(set(raced)) == 1
    changed = call(server, "POST", "/v1/uploads", wish(size_bytes=7), headers=[("Idempotency-Key", "k-1")])
    assert_refused(changed, 409, 412, 422)
    for bad in ("", "x" * 256, "\u00e9", "a b"):
        assert_refused(with_key(bad), 400)


def test_a09_a_thumbnail_that_is_none_is_not_shown(server):
    page = b"<!doctype html><script>alert('CANARY-THUMB')</script>"
    given = permission(server, PNG, thumbnails=[{"name": "t", "content_type": "image/png", "size_bytes": len(page)}])
    assert send_upload(given["thumbnails"][0], page).status == 200
    assert send_upload(given["original"], PNG).status == 200
    image = wait_state(server, given["image_id"])
    for name in ("t", "thumb"):
        answer = ask(f"{server.api_url}/i/{image['image_id']}/{name}")
        assert b"CANARY" not in answer.body and answer.get("Content-Type") != "text/html"
    wait_events_done(server)  # the thumbnail has an event of its own
    variants = call(server, "GET", f"/v1/images/{image['image_id']}").json()["variants"]
    assert [v for v in variants if v["name"] == "t"] == []


def test_a09_our_sizes_come_from_the_original_whatever_the_thumbnail_shows(server):
    other = png(32, 32, (0, 0, 255))
    given = permission(server, PNG, thumbnails=[{"name": "w320", "content_type": "image/png", "size_bytes": len(other)}])
    assert send_upload(given["thumbnails"][0], other).status == 200
    assert send_upload(given["original"], PNG).status == 200
    wait_state(server, given["image_id"])
    with_liar = ask(f"{server.api_url}/i/{given['image_id']}/w=16,f=png")
    honest = upload(server, PNG)
    without = ask(f"{server.api_url}/i/{honest['image_id']}/w=16,f=png")
    assert with_liar.status == without.status == 200
    assert with_liar.body == without.body
    named = ask(f"{server.api_url}/i/{given['image_id']}/w320", headers=[("Accept", "image/png")])
    assert named.body == ask(f"{server.api_url}/i/{honest['image_id']}/w320", headers=[("Accept", "image/png")]).body


def test_a10_an_upload_url_works_once(server):
    given = permission(server, PNG)
    assert send_upload(given["original"], PNG).status == 200
    wait_state(server, given["image_id"])
    with nothing_left_behind(server):
        for _ in range(5):
            assert_refused(send_upload(given["original"], PNG), 412)


def test_a10_a_deleted_image_does_not_come_back_by_its_url(server):
    given = permission(server, PNG)
    assert send_upload(given["original"], PNG).status == 200
    wait_state(server, given["image_id"])
    assert call(server, "DELETE", f"/v1/images/{given['image_id']}").status == 204
    send_upload(given["original"], PNG)
    s3 = server.boto3_client()
    prefix = f"{given['image_id']}/"
    wait_for(lambda: s3.list_objects_v2(Bucket="pixgate-originals", Prefix=prefix)["KeyCount"] == 0, "no object is left")
    assert_refused(call(server, "GET", f"/v1/images/{given['image_id']}"), 404)
    assert_refused(ask(f"{server.api_url}/i/{given['image_id']}/thumb"), 404)


def test_a10_of_many_at_once_one_is_stored(server):
    given = permission(server, PNG)["original"]
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: send_upload(given, PNG).status, range(64)))
    assert statuses.count(200) == 1 and set(statuses) <= {200, 409, 412}


def test_a10_deleted_while_it_is_looked_at(server):
    def upload_and_delete(_):
        given = permission(server, PNG)
        assert send_upload(given["original"], PNG).status == 200
        assert call(server, "DELETE", f"/v1/images/{given['image_id']}").status == 204
        return given["image_id"]

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(upload_and_delete, range(40)))
    s3 = server.boto3_client()
    wait_for(lambda: not ids & {o["Key"].split("/")[0] for o in s3.list_objects_v2(Bucket="pixgate-originals").get("Contents", [])}, "no bytes are left")
    for image_id in ids:
        assert_refused(call(server, "GET", f"/v1/images/{image_id}"), 404)
        assert_refused(ask(f"{server.api_url}/i/{image_id}/thumb"), 404)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "OPTIONS", "PATCH"])
def test_a11_an_upload_url_does_nothing_else(server, method):
    given = permission(server, PNG)["original"]
    with nothing_left_behind(server):
        assert_refused(ask(given["url"], method, headers=given["headers"]), 400, 403, 405)
        override = [("X-HTTP-Method-Override", method), ("X-Method-Override", method)]
        assert_refused(ask(given["url"], "POST", PNG, [*given["headers"].items(), *override]), 403)


UNSIGNED = [
    ("x-amz-copy-source", "/pixgate-originals/other/original"), ("x-amz-acl", "public-read"), ("x-amz-meta-owner", "admin"),
    ("x-amz-tagging", "a=b"), ("x-amz-website-redirect-location", "http://evil.example"), ("X-AMZ-ACL", "public-read"),
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"), ("x-amz-grant-read", "uri=everyone"),
    ("x-amz-storage-class", "GLACIER"), ("x-amz-object-lock-mode", "GOVERNANCE"), ("x-amz-security-token", "x"),
    ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("x-amz-decoded-content-length", "1"),
    ("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-write-offset-bytes", "0"),
]


@pytest.mark.parametrize("field", UNSIGNED, ids=[name for name, _ in UNSIGNED])
def test_a12_a13_every_amz_header_must_be_signed(server, field):
    given = permission(server, PNG)["original"]
    with nothing_left_behind(server):
        assert_refused(send_upload(given, PNG, [field]), 400, 403)


@pytest.mark.parametrize("item", [
    "versionId=1", "uploadId=1&partNumber=1", "response-content-type=text/html", "acl", "tagging", "x-id=PutObject", "X-Amz-Acl=public-read",
    "delete", "uploads", "a", "x-amz-copy-source=/a/b", "X-Amz-Expires=604800", "X-Amz-Signature=0",
])
def test_a14_every_query_parameter_is_signed(server, item):
    given = permission(server, PNG)["original"]
    with nothing_left_behind(server):
        assert_refused(ask(f"{given['url']}&{item}", "PUT", PNG, given["headers"]), 400, 403)
        first = given["url"].replace("?", f"?{item}&", 1)
        assert_refused(ask(first, "PUT", PNG, given["headers"]), 400, 403)


def test_a15_another_owners_image_is_not_there(server, ready):
    image_id = ready["image_id"]
    alice = token("alice")
    routes = [("GET", "", None), ("DELETE", "", None), ("GET", "/events", None), ("POST", "/links", {"transforms": ["thumb"]}),
              ("POST", "/complete", {})]
    absent = "01890000-0000-7000-8000-000000000000"
    with nothing_left_behind(server):
        for method, rest, body in routes:
            foreign = call(server, method, f"/v1/images/{image_id}{rest}", body, token=alice)
            missing = call(server, method, f"/v1/images/{absent}{rest}", body, token=alice)
            assert_refused(foreign, 404)
            without_id = [{**a.json(), "request_id": ""} for a in (foreign, missing)]
            assert without_id[0] == without_id[1], "a stranger learns that the image exists"
        assert_refused(call(server, "POST", f"/v1/uploads/{image_id}/complete", {}, token=alice), 404)
        assert call(server, "GET", "/v1/images", token=alice).json()["images"] == [] or all(
            image["owner"] == "alice" for image in call(server, "GET", "/v1/images", token=alice).json()["images"])
    assert call(server, "GET", f"/v1/images/{image_id}").json()["state"] == "ready"


@pytest.mark.parametrize("field", ["status", "state", "scan", "image_id", "created_at", "ready_at", "variants", "original", "__proto__"])
def test_a16_what_is_not_asked_for_is_refused_by_name(server, field):
    with nothing_left_behind(server):
        answer = ask_permission(server, **{field: "ready"})
        assert_refused(answer, 400)
        assert answer.json()["field"] == field


def test_a16_a_very_long_unknown_name_is_cut(server):
    with nothing_left_behind(server):
        assert_refused(ask_permission(server, **{"x" * 20_000: 1}), 400)
        assert_refused(ask_permission(server, **{"<script>\r\nX: 1": 1}), 400)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "HS512", "RS256", "ES256", None, 5])
def test_i126_the_algorithm_is_the_keys(server, algorithm):
    header = {"alg": algorithm, "kid": "hmac", "typ": "JWT"}
    good = jwt(claims(), SECRET, header)
    with nothing_left_behind(server):
        for text in (good, good.rsplit(".", 1)[0] + ".", jwt(claims(), SECRET, header, signature=base64url(b"\0" * 32))):
            assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)


def test_i126_no_signature_is_no_token(server):
    head = token().rsplit(".", 1)[0]
    with nothing_left_behind(server):
        for text in (head + ".", head, head + "..", token() + "=", token() + "A", "." + head, token()[:-2]):
            assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)


def test_i127_a_public_key_is_no_secret(server):
    with nothing_left_behind(server):
        for secret in (PUBLIC_PEM, PUBLIC_PEM.strip(), PUBLIC_PEM.strip() + "\n", "\n" + PUBLIC_PEM):
            for kid in ("rsa", "hmac"):
                text = jwt(claims(), secret, {"alg": "HS256", "kid": kid, "typ": "JWT"})
                assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)
        text = jwt(claims(), SECRET, {"alg": "RS256", "kid": "rsa", "typ": "JWT"})
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)


@pytest.mark.parametrize("more", [
    {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": "http://evil.example/key"}, {"kid": ""}, {"kid": "x" * 10_000}, {"kid": 1},
    {"kid": None}, {"kid": ["hmac"]}, {"jku": "http://127.0.0.1:1/jwks"}, {"x5u": "http://127.0.0.1:1/x"},
    {"jwk": {"kty": "oct", "k": "AAAA"}}, {"crit": ["exp"]}, {"typ": "logout+jwt"}, {"kid": "nobody"},
])
def test_i128_the_header_names_no_key_of_its_own(server, more):
    text = jwt(claims(), SECRET, {"alg": "HS256", "kid": "hmac", "typ": "JWT", **more})
    with nothing_left_behind(server):
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)


def test_i129_claims_that_do_not_hold(server):
    now = int(time.time())
    wrong = [
        {"exp": now - 3600}, {"exp": None}, {"exp": now + 300.5}, {"exp": str(now + 300)}, {"exp": -1}, {"exp": 10**18}, {"exp": 2**64},
        {"nbf": now + 3600}, {"nbf": "0"}, {"aud": "other"}, {"aud": []}, {"aud": ["other", "another"]}, {"aud": None}, {"aud": {}},
        {"iss": "https://evil.example"}, {"iss": None}, {"iss": ["https://issuer.example"]}, {"sub": ""}, {"sub": None}, {"sub": 7},
        {"sub": "x" * 300}, {"sub": "a\r\nb"}, {"pixgate": {"may": "upload"}}, {"pixgate": []},
    ]
    with nothing_left_behind(server):
        for change in wrong:
            assert_refused(call(server, "POST", "/v1/uploads", wish(), token=token(**change)), 401)
        for name in ("exp", "iss", "aud", "sub"):
            missing = {key: value for key, value in claims().items() if key != name}
            text = jwt(missing, SECRET, {"alg": "HS256", "kid": "hmac"})
            assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)
        doubled = json.dumps(claims())[:-1] + ', "sub": "bob"}'
        text = jwt(doubled, SECRET, {"alg": "HS256", "kid": "hmac"})
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=text), 401)
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=token(junk="x" * 9_000)), 401)
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=token(junk="x" * 1_000_000)), 431)
        assert_refused(call(server, "POST", "/v1/uploads", wish(), token=jwt(claims(), SECRET + "x", {"alg": "HS256", "kid": "hmac"})), 401)


ADMIN_ROUTES = [
    ("GET", "/v1/dead-letters"), ("POST", "/v1/dead-letters/1/redrive"), ("DELETE", "/v1/dead-letters/1"), ("GET", "/metrics"),
]


@pytest.mark.parametrize("method, path", ADMIN_ROUTES)
def test_i137_admin_routes_are_for_admin_keys(server, method, path):
    with nothing_left_behind(server):
        for key in (page_key(server), server.keys["server"], token("alice"), token("first-start-admin"), token(role="admin", admin=True)):
            assert_refused(call(server, method, path, token=key), 403)
        through_proxy = [("X-Forwarded-For", "127.0.0.1")]
        assert_refused(ask(server.api_url + path, method, headers=through_proxy), 401)
        assert call(server, method, path, key="admin").status in (200, 404)


def test_i137_what_is_not_there_is_not_there(server):
    with nothing_left_behind(server):
        for path in ("/debug/pprof", "/admin", "/v1/keys", "/v1/config", "/.env", "/v1", "/v1/", "/secrets.json", "/v2/uploads", "/i/", "/static/../x"):
            assert_refused(ask(server.api_url + path), 404)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.evil", "https://app.example:444", "http://app.example"])
def test_i138_other_origins_are_not_let_in(server, origin):
    headers = [("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization")]
    for answer in (ask(server.api_url + "/v1/uploads", "OPTIONS", headers=headers),
                   call(server, "GET", "/v1/images", headers=[("Origin", origin)]),
                   ask(server.api_url + "/v1/images", headers=[("Origin", origin)])):
        assert answer.get("Access-Control-Allow-Origin") is None
        assert answer.get("Access-Control-Allow-Credentials") is None


def test_i138_the_listed_origin_is_let_in_without_credentials(server):
    answer = call(server, "GET", "/v1/images", headers=[("Origin", "https://app.example")])
    assert answer.get("Access-Control-Allow-Origin") == "https://app.example"
    assert answer.get("Access-Control-Allow-Credentials") is None
    assert "Origin" in answer.get("Vary")


def test_j142_nobody_posts_events_or_messages(server):
    record = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "pixgate-originals"}, "object": {"key": "x/original"}}}]}
    with nothing_left_behind(server):
        for path in ("/", "/v1/events", "/v1/functions", "/function", "/events", "/2015-03-31/functions/function/invocations", "/queue", "/v1/messages"):
            for key in ("admin", "server"):
                assert_refused(call(server, "POST", path, record, key=key), 404, 405)


def test_j142_an_object_that_no_permission_was_given_for_becomes_no_image(server):
    """Even with the store's own key: the row of the image is older than its permission, or there is none."""
    s3 = server.boto3_client()
    before = len(call(server, "GET", "/v1/images?limit=200").json()["images"])
    unknown = "01890000-0000-7000-8000-00000000abcd"
    keys = [f"{unknown}/original", "evil/original", "..%2f/original", f"{unknown}/thumbnails/t", f"{unknown}/original/../x"]
    for key in keys:
        s3.put_object(Bucket="pixgate-originals", Key=key, Body=PNG, ContentType="image/png")
    fresh = upload(server, PNG)  # its event comes after theirs
    assert len(call(server, "GET", "/v1/images?limit=200").json()["images"]) == before + 1
    assert_refused(ask(f"{server.api_url}/i/{unknown}/thumb"), 404)
    assert ask(f"{server.api_url}/i/{fresh['image_id']}/thumb").status == 200
    assert presign(server, "GET", "/x")
