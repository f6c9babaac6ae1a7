"""Attacks on the store: its authentication (B 17-39) and its objects and paths (C 40-54). The stranger knows the access
key, as it stands in every presigned URL, and not the secret."""
import hashlib
import subprocess
import time
import urllib.parse

import pytest
from attacker import (
    ask, assert_refused, call, exchange, netloc, nothing_left_behind, permission, png, presign, send_upload, sign, traces, upload,
    wait_for, wait_state,
)
from pixgate_server import PixgateServer
from shared import binary

BUCKET = "attacked"
PNG = png()
HOUR_S = 3600


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        s3 = running.boto3_client()
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"0123456789", ContentType="text/plain")
        yield running


def send(server, method, target, headers, body=b""):
    return ask(server.store_url, method, body, headers, target=target)


def put(server, target=f"/{BUCKET}/new", body=b"hello", headers=(), **bent):
    return send(server, "PUT", target, sign(server, "PUT", target, headers, body, **bent), body)


def get(server, target, headers=(), **bent):
    return send(server, "GET", target, sign(server, "GET", target, headers, **bent))


def at(seconds):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))


def replaced(headers, name, value):
    return [(n, value if n.lower() == name.lower() else v) for n, v in headers]


def authorization(headers):
    return dict((n.lower(), v) for n, v in headers)["authorization"]


def test_the_signer_of_these_tests_is_right(server):
    assert put(server, f"/{BUCKET}/control").status == 200
    assert get(server, f"/{BUCKET}/control").body == b"hello"
    assert ask(presign(server, "GET", f"/{BUCKET}/control")).body == b"hello"
    assert get(server, f"/{BUCKET}?list-type=2&prefix=contr").status == 200


def test_a_change_is_seen_by_these_tests(server):
    before = traces(server)
    assert put(server, f"/{BUCKET}/seen").status == 200
    after = traces(server)
    assert len(after["objects/"]) == len(before["objects/"]) + 1
    assert after["objects"] == before["objects"] + 1


OPERATIONS = [("GET", "/"), ("PUT", "/brand-new"), ("GET", f"/{BUCKET}?list-type=2"), ("GET", f"/{BUCKET}/k"), ("HEAD", f"/{BUCKET}/k"),
              ("PUT", f"/{BUCKET}/new"), ("DELETE", f"/{BUCKET}/k"), ("POST", f"/{BUCKET}/new?uploads"), ("POST", f"/{BUCKET}?delete"),
              ("PUT", f"/{BUCKET}/new?partNumber=1&uploadId=x"), ("PUT", f"/{BUCKET}?acl"), ("DELETE", f"/{BUCKET}")]


@pytest.mark.parametrize("method, target", OPERATIONS)
@pytest.mark.parametrize("signature", ["0" * 64, "", "f" * 64, "a" * 63, "A" * 64, "%00", "x" * 3_000])
def test_b17_a_made_up_signature_opens_nothing(server, method, target, signature):
    body = b"x" if method in ("PUT", "POST") else b""
    headers = sign(server, method, target, payload=body)
    good = authorization(headers)
    bad = replaced(headers, "authorization", good.rsplit("Signature=", 1)[0] + "Signature=" + signature)
    with nothing_left_behind(server):
        assert_refused(send(server, method, target, bad, body), 400, 403)


@pytest.mark.parametrize("method, target", OPERATIONS)
def test_b17_an_unknown_key_and_a_wrong_secret_open_nothing(server, method, target):
    with nothing_left_behind(server):
        for bent in ({"access_key": "AKIAUNKNOWN"}, {"secret": "wrong"}, {"access_key": server.secret_key}, {"secret": ""}):
            bent = {key: value or "\0" for key, value in bent.items()}
            assert_refused(send(server, method, target, sign(server, method, target, **bent)), 403)


STREAMING = ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
             "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"]
CHUNKS = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"


@pytest.mark.parametrize("mode", STREAMING)
def test_b18_streaming_with_a_bad_signature(server, mode):
    target = f"/{BUCKET}/new"
    more = [("x-amz-decoded-content-length", "5"), ("x-amz-trailer", "x-amz-checksum-crc32"), ("content-encoding", "aws-chunked")]
    with nothing_left_behind(server):
        headers = sign(server, "PUT", target, more, content_sha256=mode, secret="wrong")
        assert_refused(send(server, "PUT", target, headers, CHUNKS), 403)
        without = [field for field in headers if field[0] != "Authorization"]
        assert_refused(send(server, "PUT", target, without, CHUNKS), 403)
        for value in ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", f"AWS4-HMAC-SHA256 Credential={server.access_key}", "x", "Bearer x", ""):
            assert_refused(send(server, "PUT", target, replaced(headers, "authorization", value), CHUNKS), 400, 403)


@pytest.mark.parametrize("mode", STREAMING)
def test_b19_streaming_with_the_credential_in_the_query(server, mode):
    scope = f"{server.access_key}/{at(0)[:8]}/us-east-1/s3/aws4_request"
    query = f"?X-Amz-Credential={urllib.parse.quote(scope, safe='')}"
    whole = query + f"&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={at(0)}&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}"
    headers = [("x-amz-content-sha256", mode), ("x-amz-decoded-content-length", "5")]
    with nothing_left_behind(server):
        for text in (query, whole, query.lower(), whole.replace("X-Amz", "x-amz")):
            assert_refused(send(server, "PUT", f"/{BUCKET}/new{text}", headers, CHUNKS), 400, 403)
        url = presign(server, "PUT", f"/{BUCKET}/new")
        assert_refused(ask(url, "PUT", CHUNKS, headers), 400, 403)
        signed_fields = [("x-amz-content-sha256", mode)]
        url = presign(server, "PUT", f"/{BUCKET}/new", signed_fields=signed_fields)
        assert_refused(ask(url, "PUT", CHUNKS, signed_fields), 400, 501)


@pytest.mark.parametrize("method, target", OPERATIONS)
@pytest.mark.parametrize("mode", STREAMING[:2])
def test_b20_streaming_is_the_same_on_every_handler(server, method, target, mode):
    body = CHUNKS if method in ("PUT", "POST") else b""
    with nothing_left_behind(server):
        assert_refused(send(server, method, target, sign(server, method, target, content_sha256=mode, secret="wrong"), body), 403)
        assert_refused(send(server, method, target, sign(server, method, target, content_sha256=mode), body), 400, 501)


@pytest.mark.parametrize("value", ["", "x", "UNSIGNED", "unsigned-payload", "STREAMING", "STREAMING-UNSIGNED-PAYLOAD", "0" * 63, "g" * 64, "0" * 65,
                                   "UNSIGNED-PAYLOAD,UNSIGNED-PAYLOAD", "e3b0c442", "null"])
def test_b21_unknown_payload_hashes(server, value):
    target = f"/{BUCKET}/new"
    headers = replaced(sign(server, "PUT", target, content_sha256=value or " "), "x-amz-content-sha256", value)
    with nothing_left_behind(server):
        assert_refused(send(server, "PUT", target, headers, b"hello"), 400)
        without = [field for field in sign(server, "PUT", target, payload=b"hello") if field[0] != "x-amz-content-sha256"]
        assert_refused(send(server, "PUT", target, without, b"hello"), 400, 403)


def test_b21_a_body_that_is_not_the_signed_one(server):
    target = f"/{BUCKET}/new"
    with nothing_left_behind(server):
        assert_refused(send(server, "PUT", target, sign(server, "PUT", target, payload=b"hello"), b"jello"), 400)
        assert_refused(send(server, "PUT", target, sign(server, "PUT", target, payload=b"hello"), b""), 400)


@pytest.mark.parametrize("length", ["4", "6", "0", "-1", "99999999999999999999", "x"])
def test_b22_b24_b25_signed_chunks_are_refused_whole(server, length):
    """Chunked signatures are not built in: whatever the chunks say, nothing is stored under them."""
    target = f"/{BUCKET}/new"
    with nothing_left_behind(server):
        for mode in STREAMING:
            for body in (b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n0;chunk-signature=" + b"0" * 64 + b"\r\n\r\n", CHUNKS, b"hello",
                         CHUNKS[:-2] + b"x: y\r\n" * 50_000):
                more = [("x-amz-decoded-content-length", length), ("x-amz-trailer", "x-amz-checksum-crc32")]
                assert_refused(put(server, target, body, more, content_sha256=mode), 400, 501)


def test_b26_two_ways_to_sign_in_one_request(server):
    target = f"/{BUCKET}/k"
    url = presign(server, "GET", target)
    signed_target = url[len(server.store_url):]
    with nothing_left_behind(server):
        assert_refused(ask(url, headers=[f for f in sign(server, "GET", target) if f[0] == "Authorization"]), 400, 403)
        assert_refused(get(server, signed_target), 400)
        assert_refused(get(server, target + "?x-amz-signature=0"), 400)
        assert_refused(get(server, target + "?X-Amz-Credential=x"), 400)


@pytest.mark.parametrize("name", ["Authorization", "x-amz-date", "x-amz-content-sha256", "Host", "Content-Length", "content-type", "if-none-match"])
def test_b27_what_counts_is_given_once(server, name):
    target = f"/{BUCKET}/new"
    headers = sign(server, "PUT", target, [("content-type", "image/png"), ("if-none-match", "*"), ("content-length", "5")], b"hello")
    value = next(v for n, v in headers if n.lower() == name.lower())
    with nothing_left_behind(server):
        assert_refused(send(server, "PUT", target, [*headers, (name, value)], b"hello"), 400)
        assert_refused(send(server, "PUT", target, [(name.upper(), "other.example" if name == "Host" else "0"), *headers], b"hello"), 400)


def test_b28_the_list_of_signed_headers_is_whole_and_true(server):
    target = f"/{BUCKET}/new"
    with nothing_left_behind(server):
        for signed in (["x-amz-content-sha256", "x-amz-date"], ["host", "x-amz-date"], ["host", "x-amz-content-sha256"], [], ["host"],
                       ["host", "x-absent", "x-amz-content-sha256", "x-amz-date"], ["host", "host", "x-amz-content-sha256", "x-amz-date"],
                       ["x-amz-date", "x-amz-content-sha256", "host"], ["Host", "x-amz-content-sha256", "x-amz-date"]):
            assert_refused(put(server, target, signed=signed), 400, 403)
        assert_refused(ask(presign(server, "PUT", target), "PUT", b"hello", [("x-amz-meta-a", "b")]), 403)


@pytest.mark.parametrize("method, target", OPERATIONS)
def test_b29_no_signature_and_old_signatures(server, method, target):
    body = b"x" if method in ("PUT", "POST") else b""
    old = [("Authorization", f"AWS {server.access_key}:frJIUN8DYpKDtOLCwo//yllqDzg=")]
    with nothing_left_behind(server):
        assert_refused(send(server, method, target, [], body), 403)
        assert_refused(send(server, method, target, [("Date", "Tue, 27 Mar 2007 19:36:42 +0000"), *old], body), 400, 403)
        mark = "&" if "?" in target else "?"
        query = f"{mark}AWSAccessKeyId={server.access_key}&Signature=x&Expires={int(time.time()) + 300}"
        assert_refused(send(server, method, target + query, [], body), 400, 403)


def test_b30_scopes_of_elsewhere(server):
    target = f"/{BUCKET}/new"
    with nothing_left_behind(server):
        for bent in ({"region": "eu-west-1"}, {"region": ""}, {"service": "sqs"}, {"service": "S3"}, {"scope_date": at(-30 * HOUR_S)[:8]},
                     {"scope_date": "20000101"}, {"scope_date": "2026"}, {"scope_date": "x" * 8}):
            assert_refused(put(server, target, **bent), 400, 403)


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "abc", "", "1e3", "300.0", "9" * 30, " 300", "+300"])
def test_b30_lifetimes_that_are_none(server, expires):
    with nothing_left_behind(server):
        assert_refused(ask(presign(server, "PUT", f"/{BUCKET}/new", expires), "PUT", b"hello"), 400, 403)


@pytest.mark.parametrize("when", ["-960", "+960", "19700101T000000Z", "99991231T235959Z", "20261301T000000Z", "x", "2026-01-01T00:00:00Z", ""])
def test_b31_clocks_that_are_wrong(server, when):
    now = at(int(when)) if when[:1] in "+-" and when else when
    with nothing_left_behind(server):
        answer = put(server, now=now or " ")
        assert_refused(answer, 400, 403)
        if when[:1] in "+-" and when:
            assert answer.xml_code() == "RequestTimeTooSkewed"
        late = presign(server, "PUT", f"/{BUCKET}/new", now=at(-301) if when.startswith("-") else now or " ")
        assert_refused(ask(late, "PUT", b"hello"), 400, 403)


def test_b31_an_expired_url_reads_no_body(server):
    url = presign(server, "PUT", f"/{BUCKET}/new", expires=1, now=at(-5))
    head = (f"PUT {url[len(server.store_url):]} HTTP/1.1\r\nHost: {netloc(server.store_url)}\r\n"
            f"Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
    with nothing_left_behind(server):
        answer = exchange(server.store_url, head.encode())
        assert_refused(answer, 403)
        assert answer.is_closed


def test_b33_keys_cannot_be_told_apart_by_time(server):
    """S3's codes differ, as SDKs expect them; an access key is no secret. The status and the work are the same."""
    target = f"/{BUCKET}/k"

    def median(**bent):
        took = []
        for _ in range(40):
            headers = sign(server, "GET", target, **bent)
            begun = time.perf_counter()
            assert send(server, "GET", target, headers).status == 403
            took.append(time.perf_counter() - begun)
        return sorted(took)[20]

    unknown, wrong = median(access_key="AKIAUNKNOWN000000000"), median(secret="wrong")
    assert unknown < wrong * 4 and wrong < unknown * 4


@pytest.mark.parametrize("args, env", [
    ([], {}),
    ([], {"PIXGATE_STORE_ACCESS_KEY": "minioadmin", "PIXGATE_STORE_SECRET_KEY": "minioadmin"}),
    ([], {"PIXGATE_STORE_ACCESS_KEY": "a", "PIXGATE_STORE_SECRET_KEY": "short"}),
    ([], {"PIXGATE_STORE_ACCESS_KEY": "a", "PIXGATE_STORE_SECRET_KEY": "a" * 40}),
    (["--listen", "0.0.0.0:0"], {}),
])
def test_b34_without_secrets_of_its_own_it_listens_on_loopback_only(tmp_path, args, env):
    command = [str(binary()), "serve", "--data-dir", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"]
    if args:
        command[command.index("--listen"):][:2] = []
        command[4:6] = args
    else:
        command[command.index("--store-listen") + 1] = "0.0.0.0:0"
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, env={"PATH": "/usr/bin:/bin", **env})
    assert done.returncode == 2, done
    assert "outside" in done.stderr
    assert not (tmp_path / "data" / "pixgate.db").exists()


def test_b37_one_meaning_for_every_path(server):
    """A path signed in one form and sent in another is refused, or means the very same key: never another one."""
    put(server, f"/{BUCKET}/a/b", b"slash")
    put(server, f"/{BUCKET}/a%252Fb", b"encoded")
    assert get(server, f"/{BUCKET}/a/b").body == b"slash"
    assert get(server, f"/{BUCKET}/a%252Fb").body == b"encoded"
    sent_for_signed = [
        ("/a/b", "/a//b"), ("/a/b", "/a/./b"), ("/a/b", "/a/x/../b"), ("/a/b", "/a%252Fb"), ("/a%252Fb", "/a/b"), ("/a/b", "/a+b"),
        ("/a%20b", "/a+b"), ("/a%2Bb", "/a%20b"), ("/a/b", "/%61/b/"), ("/a/b", "/a%00/b"), ("/a/b", "/a/%ff"), ("/a/b", "/a/b%"),
        ("/a/b", "/a/b%2"), ("/a/b", "/a/b%zz"),
    ]
    with nothing_left_behind(server):
        for signed, sent in sent_for_signed:
            headers = sign(server, "GET", f"/{BUCKET}{signed}")
            assert_refused(send(server, "GET", f"/{BUCKET}{sent}", headers), 400, 403)
        for other, canonical in (("/a%2Fb", "/a/b"), ("/%61/b", "/a/b"), ("/a%2fb", "/a/b")):
            answer = send(server, "GET", f"/{BUCKET}{other}", sign(server, "GET", f"/{BUCKET}{canonical}"))
            assert answer.status in (400, 403) or answer.body == b"slash", answer
        for bad in ("/%ff", "/%", "/%2", "/%zz", "/%c0%af", "/%ed%a0%80", "/a%00b"):
            assert_refused(get(server, f"/{BUCKET}{bad}"), 400, 403)


def test_b37_one_meaning_for_every_query(server):
    with nothing_left_behind(server):
        for signed, sent in [("prefix=a", "prefix=b"), ("prefix=a", "prefix=a&prefix=b"), ("prefix=a%2Bb", "prefix=a+b"),
                             ("prefix=a", "prefix=a&max-keys=1"), ("prefix=%2F", "prefix=%252F"), ("prefix=a", "PREFIX=a"),
                             ("prefix=a", "prefix=%zz"), ("prefix=a", "prefix=%ff")]:
            headers = sign(server, "GET", f"/{BUCKET}?list-type=2&{signed}")
            assert_refused(send(server, "GET", f"/{BUCKET}?list-type=2&{sent}", headers), 400, 403)
        assert_refused(get(server, f"/{BUCKET}?list-type=2&prefix=a&prefix=b"), 400, 501)


def test_b38_the_host_names_no_bucket(server):
    port = netloc(server.store_url).rsplit(":")[-1]
    with nothing_left_behind(server):
        for host in (f"{BUCKET}.127.0.0.1:{port}", "pixgate-originals.s3.amazonaws.com", f"{BUCKET}.localhost"):
            answer = send(server, "GET", "/k", sign(server, "GET", "/k", host=host))
            assert_refused(answer, 400, 403, 404, 501)
            assert b"0123456789" not in answer.body
            headers = replaced(sign(server, "GET", f"/{BUCKET}/k"), "host", host)
            assert_refused(send(server, "GET", f"/{BUCKET}/k", headers), 403)


def test_b39_session_tokens_are_never_ignored(server):
    target = f"/{BUCKET}/k"
    with nothing_left_behind(server):
        for name in ("x-amz-security-token", "X-Amz-Security-Token"):
            assert_refused(get(server, target, [(name, "made-up")]), 400)
            assert_refused(send(server, "GET", target, [*sign(server, "GET", target), (name, "made-up")]), 400, 403)
        assert_refused(ask(presign(server, "GET", target, extra=[("X-Amz-Security-Token", "made-up")])), 400, 403)
        assert_refused(ask(presign(server, "GET", target) + "&X-Amz-Security-Token=made-up"), 400, 403)


TRAVERSALS = ["a/../../pixgate-variants/x", "%2e%2e/secrets.json", "..%2fsecrets.json", "....//secrets.json", "..%5c..%5csecrets.json",
              "%2e%2e%2f%2e%2e%2fetc/passwd", "../pixgate.db", "./k", "//etc/passwd", "..", "%2e", "objects/../../secrets.json", "/", "//"]


@pytest.mark.parametrize("key", TRAVERSALS)
def test_c40_keys_are_no_paths(server, key):
    secret = (server.data_dir / "secrets.json").read_bytes()
    target = f"/{BUCKET}/{key}"
    with nothing_left_behind(server):
        assert_refused(send(server, "GET", target, []), 403)
        answer = get(server, target)
        assert_refused(answer, 400, 403, 404)
        assert secret[:40] not in answer.body and b"root:" not in answer.body and answer.body != b"0123456789"
        assert_refused(send(server, "PUT", target, [], b"x"), 403)
        assert_refused(send(server, "DELETE", target, []), 403)
    # Written, it is a key like any other: its bytes lie under a name of ours, within the data directory.
    outside = {path: path.stat().st_mtime_ns for path in server.data_dir.parent.iterdir() if path.name != "server.log"}
    names = sorted(path.name for path in server.data_dir.iterdir())
    if put(server, target, b"mine").status == 200:
        assert get(server, target).body == b"mine"
        assert send(server, "DELETE", target, sign(server, "DELETE", target)).status == 204
    assert get(server, f"/{BUCKET}/k").body == b"0123456789"
    assert (server.data_dir / "secrets.json").read_bytes() == secret
    assert sorted(path.name for path in server.data_dir.iterdir()) == names
    assert {path: path.stat().st_mtime_ns for path in server.data_dir.parent.iterdir() if path.name != "server.log"} == outside


@pytest.mark.parametrize("source", [f"/{BUCKET}/k", f"{BUCKET}/../pixgate-originals/x", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "", "/",
                                    f"arn:aws:s3:::{BUCKET}/k", f"/{BUCKET}/k?versionId=1"])
def test_c41_nothing_is_copied(server, source):
    with nothing_left_behind(server):
        for name in ("x-amz-copy-source", "X-Amz-Copy-Source"):
            assert_refused(put(server, body=b"", headers=[(name, source)]), 400, 501)
            target = f"/{BUCKET}/new"
            assert_refused(send(server, "PUT", target, [*sign(server, "PUT", target), (name, source)]), 403)
        url = presign(server, "PUT", f"/{BUCKET}/new", extra=[("x-amz-copy-source", source)])
        assert_refused(ask(url, "PUT"), 400, 501)


@pytest.mark.parametrize("bucket", [".pixgate", ".tmp", "..", "%2e%2e", "tmp.", "PIXGATE", "a", "a" * 64, "192.168.1.1", "a..b", "-a", "a_b", "a%2Fb", "%00", "a%5cb"])
def test_c43_names_that_no_bucket_has(server, bucket):
    with nothing_left_behind(server):
        assert_refused(put(server, f"/{bucket}", b""), 400, 403)
        assert_refused(get(server, f"/{bucket}/secrets.json"), 400, 403, 404)


@pytest.mark.parametrize("bucket", ["objects", "tmp", "pixgate", "data", "lock"])
def test_c43_our_own_folders_are_no_buckets(server, bucket):
    with nothing_left_behind(server):
        for key in ("secrets.json", "pixgate.db", "lock", "00", ""):
            assert_refused(get(server, f"/{bucket}/{key}"), 404, 501)
            assert_refused(get(server, f"/{bucket}?list-type=2&prefix={key}"), 404)


def test_c45_keys_at_the_edges_of_what_keys_are(server):
    assert put(server, f"/{BUCKET}/{'k' * 1024}").status == 200
    with nothing_left_behind(server):
        assert_refused(put(server, f"/{BUCKET}/{'k' * 1025}"), 400)
        assert_refused(put(server, f"/{BUCKET}/" + "%EA%B0%80" * 342), 400)
        assert_refused(put(server, f"/{BUCKET}/"), 400, 404, 409, 501)
        for bad in ("%ED%A0%80", "%FF", "a%00b", "%C0%80", "%F8%88%80%80%80"):
            assert_refused(put(server, f"/{BUCKET}/{bad}"), 400)


def test_c45_odd_keys_are_escaped_in_lists(server):
    import xml.etree.ElementTree

    assert put(server, "/odd-keys", b"").status == 200
    keys = ["<script>alert(1)</script>", "&amp;", "\u202egnp.exe", "]]>", "a\r\nb", "\x01\x1f", "'\"", "tab\t"]
    for key in keys:
        assert put(server, "/odd-keys/" + urllib.parse.quote(key)).status == 200
    for more in ("", "&encoding-type=url"):
        answer = get(server, f"/odd-keys?list-type=2{more}")
        assert answer.status == 200 and answer.get("Content-Type") == "application/xml"
        assert b"<script>" not in answer.body and not set(answer.body) & {1, 0x1f}
    root = xml.etree.ElementTree.fromstring(answer.body)
    listed = [e.text for e in root.iter() if e.tag.endswith("}Key") or e.tag == "Key"]
    assert sorted(urllib.parse.unquote(key) for key in listed) == sorted(keys)
    assert_refused(get(server, "/odd-keys/%3Cscript%3E"), 404)
    assert b"<script>" not in get(server, "/odd-keys/%3Cscript%3E").body


@pytest.mark.parametrize("value, status", [
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1_000)), None), ("bytes=0-,0-,0-", None), ("bytes=-0", 416), ("bytes=10-", 416),
    ("bytes=18446744073709551616-", None), ("bytes=0-18446744073709551616", None), ("bytes=--1", 200), ("bytes=5-2", 200), ("bytes=a-b", 200),
    ("octets=0-1", 200), ("bytes=-99999999999999999999", None), ("bytes=0-0,-1", None), ("bytes", 200), ("bytes=9223372036854775807-", 416),
])
def test_c50_ranges_give_at_most_the_object_once(server, value, status):
    answer = get(server, f"/{BUCKET}/k", [("range", value)])
    assert answer.status == status if status else answer.status in (200, 206, 416)
    assert not (answer.get("Content-Type") or "").startswith("multipart/")
    if answer.status == 416:
        assert_refused(answer, 416)
    else:
        assert len(answer.body) <= 10 and answer.body in b"0123456789"


@pytest.mark.parametrize("query", ["max-keys=1000000000", "max-keys=1001", "max-keys=99999999999999999999"])
def test_c51_lists_have_at_most_a_thousand_entries(server, query):
    answer = get(server, f"/{BUCKET}?list-type=2&{query}")
    assert answer.status == 200 and b"<MaxKeys>1000</MaxKeys>" in answer.body


@pytest.mark.parametrize("query", ["max-keys=-1", "max-keys=x", "continuation-token=x", "continuation-token=" + "A" * 5_000,
                                   "continuation-token=", "continuation-token=k", "max-keys=1.5"])
def test_c51_lists_asked_for_wrongly(server, query):
    with nothing_left_behind(server):
        assert_refused(get(server, f"/{BUCKET}?list-type=2&{query}"), 400)


def test_c51_a_token_is_good_for_its_own_list_only(server):
    for bucket in ("paged-a", "paged-b"):
        assert put(server, f"/{bucket}", b"").status == 200
        for key in ("1", "2", "3"):
            assert put(server, f"/{bucket}/{key}").status == 200
    first = get(server, "/paged-a?list-type=2&max-keys=1")
    page = first.body.split(b"<NextContinuationToken>")[1].split(b"</")[0].decode()
    token = urllib.parse.quote(page, safe="")
    assert get(server, f"/paged-a?list-type=2&max-keys=1&continuation-token={token}").status == 200
    flipped = urllib.parse.quote(("B" if page[0] == "A" else "A") + page[1:], safe="")
    assert_refused(get(server, f"/paged-a?list-type=2&continuation-token={flipped}"), 400)
    odd = get(server, "/paged-a?list-type=2&delimiter=" + "x" * 1_000 + "&prefix=" + "y" * 1_000)
    assert odd.status == 200 and b"<Contents>" not in odd.body


@pytest.mark.parametrize("query", ["", "?list-type=2", "?list-type=1", "?acl", "?policy", "?uploads", "?versions", "?location"])
def test_c52_nobody_lists_without_a_key(server, query):
    with nothing_left_behind(server):
        for bucket in (BUCKET, "pixgate-originals", "pixgate-variants"):
            assert_refused(send(server, "GET", f"/{bucket}{query}", []), 403)
        assert_refused(send(server, "GET", "/", []), 403)


@pytest.mark.parametrize("value", [b"x\r\nSet-Cookie: a=b", b"x\nSet-Cookie: a=b", b"x\rSet-Cookie: a=b", b"x\0y", b"x\x7fy", b"x\x0by"])
def test_c53_a_header_value_is_one_line(server, value):
    with nothing_left_behind(server):
        target = f"/{BUCKET}/new"
        headers = sign(server, "PUT", target, [("x-amz-meta-a", value.decode("latin1"))], b"hello")
        raw = [(n, value if n == "x-amz-meta-a" else v) for n, v in headers]
        assert_refused(send(server, "PUT", target, raw, b"hello"), 400, 403)
        text = value.decode("latin1")
        for name in ("x-amz-meta-a", "x-amz-meta-" + text):
            url = presign(server, "PUT", target, extra=[(name, text)])
            assert_refused(ask(url, "PUT", b"hello"), 400, 403)


@pytest.mark.parametrize("name", ["response-content-type", "response-content-disposition", "response-cache-control", "response-content-language",
                                  "response-expires", "response-content-encoding"])
def test_c53_answers_cannot_be_split(server, name):
    for value in ("a\r\nSet-Cookie: a=b", "a\nSet-Cookie: a=b", "a\0", "\x7f"):
        assert_refused(ask(presign(server, "GET", f"/{BUCKET}/k", extra=[(name, value)])), 400)
    answer = ask(presign(server, "GET", f"/{BUCKET}/k", extra=[(name, "text/html")]))
    assert answer.get("Set-Cookie") is None
    assert answer.get("X-Content-Type-Options") == "nosniff" and "sandbox" in answer.get("Content-Security-Policy")


def test_c53_metadata_in_the_query_is_echoed_as_text_only(server):
    url = presign(server, "PUT", f"/{BUCKET}/meta", extra=[("x-amz-meta-a", "\u00e9 \uac00")])
    answer = ask(url, "PUT", b"hello")
    if answer.status == 200:
        got = get(server, f"/{BUCKET}/meta")
        assert got.status == 200 and all(c not in (got.get("x-amz-meta-a") or "") for c in "\r\n\0")


def test_c54_an_uploaded_page_is_never_a_page_of_ours(server):
    page = b"<!doctype html><script>alert('CANARY-PAGE')</script>"
    given = permission(server, page)  # said to be a PNG
    assert send_upload(given["original"], page).status == 200
    path = urllib.parse.urlsplit(given["original"]["url"]).path
    image = wait_state(server, given["image_id"], ("rejected",))
    assert image["original"]["url"] is None and image["reason"]
    assert_refused(send(server, "GET", path, []), 403)
    assert b"CANARY" not in ask(f"{server.api_url}/i/{given['image_id']}/thumb").body
    # The operator puts one there himself: it is shown to who may read it, as a thing that runs nothing.
    s3 = server.boto3_client()
    s3.put_object(Bucket=BUCKET, Key="page.html", Body=page, ContentType="text/html")
    assert_refused(send(server, "GET", f"/{BUCKET}/page.html", []), 403)
    answer = ask(presign(server, "GET", f"/{BUCKET}/page.html"))
    assert answer.get("X-Content-Type-Options") == "nosniff"
    assert "sandbox" in answer.get("Content-Security-Policy")


def test_c54_the_link_to_a_ready_original_runs_nothing_either(server):
    image = upload(server, PNG)
    answer = ask(image["original"]["url"])
    assert answer.status == 200 and answer.body == PNG and answer.get("Content-Type") == "image/png"
    assert answer.get("X-Content-Type-Options") == "nosniff" and "sandbox" in answer.get("Content-Security-Policy")
    assert hashlib.sha256(answer.body).hexdigest() == image["original"]["sha256"]
    assert call(server, "DELETE", f"/v1/images/{image['image_id']}").status == 204
    wait_for(lambda: ask(image["original"]["url"]).status == 404, "the bytes are gone")
