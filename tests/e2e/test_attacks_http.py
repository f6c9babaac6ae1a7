"""Attacks on HTTP itself (E 63-74), byte by byte, on both listeners: what two readers could understand differently is
refused and the connection ended; what is too much is refused before it is held."""
import contextlib
import gzip
import json
import socket
import threading
import time

import pytest
from attacker import (
    TIMEOUT_S, ask, assert_refused, call, connect, descendants, exchange, netloc, nothing_left_behind, permission, png, read_answers,
    receive_until_end, rss_mib, send_all, send_upload, upload, wait_for,
)
from pixgate_server import PixgateServer

PNG = png()


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        yield running


@pytest.fixture(params=["api", "store"])
def url(server, request):
    return getattr(server, f"{request.param}_url")


def head(url, *lines, first=b"GET /healthz HTTP/1.1"):
    """A request with these header lines behind Host, byte for byte."""
    return b"\r\n".join([first, b"Host: " + netloc(url).encode(), *lines]) + b"\r\n\r\n"


POST = b"POST /v1/uploads HTTP/1.1"

FRAMING = {
    "both": [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "both-reversed": [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
    "length-twice": [b"Content-Length: 5", b"Content-Length: 5"],
    "length-differs": [b"Content-Length: 5", b"Content-Length: 6"],
    "length-list": [b"Content-Length: 5,5"],
    "length-plus": [b"Content-Length: +5"],
    "length-minus": [b"Content-Length: -5"],
    "length-hex": [b"Content-Length: 0x5"],
    "length-octal": [b"Content-Length: 05"],
    "length-empty": [b"Content-Length:"],
    "length-spaced": [b"Content-Length: 5 5"],
    "length-huge": [b"Content-Length: 99999999999999999999999"],
    "length-wraps": [b"Content-Length: 18446744073709551621"],
    "length-digits-of-elsewhere": ["Content-Length: \u0665".encode()],
    "length-before-colon": [b"Content-Length : 5"],
    "coding-x": [b"Transfer-Encoding: xchunked"],
    "coding-list": [b"Transfer-Encoding: chunked, identity"],
    "coding-identity": [b"Transfer-Encoding: identity, chunked"],
    "coding-gzip": [b"Transfer-Encoding: gzip, chunked"],
    "coding-twice": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    "coding-quoted": [b'Transfer-Encoding: "chunked"'],
    "coding-tab": [b"Transfer-Encoding:\x0bchunked"],
    "coding-empty": [b"Transfer-Encoding:"],
    "coding-before-colon": [b"Transfer-Encoding : chunked"],
    "coding-case-and-both": [b"Transfer-encoding: CHUNKED", b"Content-Length: 5"],
}


@pytest.mark.parametrize("name", FRAMING)
def test_e63_a_body_has_one_length(server, url, name):
    with nothing_left_behind(server):
        smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = exchange(url, head(url, *FRAMING[name], first=POST) + smuggled)
        assert_refused(answer, 400)
        assert answer.is_closed


def test_e63_old_clients_have_no_chunks(server, url):
    answer = exchange(url, b"POST /v1/uploads HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert_refused(answer, 400)
    assert answer.is_closed


CHUNKS = {
    "prefix": b"0x5\r\nhello\r\n0\r\n\r\n", "plus": b"+5\r\nhello\r\n0\r\n\r\n", "minus": b"-5\r\nhello\r\n0\r\n\r\n",
    "digits": b"00000000000000005\r\nhello\r\n0\r\n\r\n", "wraps": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "empty": b"\r\nhello\r\n0\r\n\r\n",
    "space": b" 5\r\nhello\r\n0\r\n\r\n", "space-behind": b"5 \r\nhello\r\n0\r\n\r\n", "bare-lf": b"5\nhello\r\n0\r\n\r\n",
    "bare-lf-data": b"5\r\nhello\n0\r\n\r\n", "bare-lf-end": b"5\r\nhello\r\n0\n\n", "bare-cr": b"5\rhello\r\n0\r\n\r\n",
    "extension-lf": b"5;a\n;b\r\nhello\r\n0\r\n\r\n", "extension-cr": b"5;a\rb\r\nhello\r\n0\r\n\r\n", "too-long": b"5\r\nhellohello\r\n0\r\n\r\n",
    "no-crlf": b"5\r\nhello0\r\n\r\n", "letters": b"g\r\nhello\r\n0\r\n\r\n", "underscore": b"5_0\r\nhello\r\n0\r\n\r\n",
    "comma": b"5,5\r\nhello\r\n0\r\n\r\n", "nul": b"5\0\r\nhello\r\n0\r\n\r\n", "trailer-obs-fold": b"0\r\na: b\r\n c\r\n\r\n",
    "trailer-no-colon": b"0\r\nabc\r\n\r\n", "huge-extension": b"5;" + b"a" * 70_000 + b"\r\nhello\r\n0\r\n\r\n",
    "many-trailers": b"0\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_e64_chunks_are_exact(server, name):
    lines = [b"Authorization: Bearer " + server.keys["server"].encode(), b"Content-Type: application/json", b"Transfer-Encoding: chunked"]
    with nothing_left_behind(server):
        answer = exchange(server.api_url, head(server.api_url, *lines, first=POST) + CHUNKS[name])
        assert_refused(answer, 400)
        assert answer.is_closed


def test_e64_good_chunks_are_taken(server):
    body = json.dumps({"filename": "a.png", "content_type": "image/png", "size_bytes": 5}).encode()
    lines = [b"Authorization: Bearer " + server.keys["server"].encode(), b"Content-Type: application/json", b"Transfer-Encoding: chunked"]
    chunks = b"".join(b"%x;ext=1\r\n%c\r\n" % (1, c) for c in body) + b"0\r\ntrailer: x\r\n\r\n"
    assert exchange(server.api_url, head(server.api_url, *lines, first=POST) + chunks).status == 201


@pytest.mark.parametrize("end", [b"", b"0", b"0\r\n", b"0\r\n\r", b"5\r\nhel"])
def test_e64_a_body_that_ends_early_does_nothing(server, end):
    lines = [b"Authorization: Bearer " + server.keys["server"].encode(), b"Content-Type: application/json", b"Transfer-Encoding: chunked"]
    body = json.dumps({"filename": "a.png", "content_type": "image/png", "size_bytes": 5}).encode()
    with nothing_left_behind(server), connect(server.api_url) as sock:
        send_all(sock, head(server.api_url, *lines, first=POST) + b"%x\r\n" % len(body) + body + b"\r\n" + end)
        sock.shutdown(socket.SHUT_WR)
        assert not receive_until_end(sock).startswith(b"HTTP/1.1 2")


HEADS = {
    "obs-fold": [b"X-A: b", b" folded"], "obs-fold-first": [b" X-A: b"], "tab-fold": [b"X-A: b", b"\tfolded"], "space-before-colon": [b"X-A : b"],
    "no-colon": [b"X-A"], "empty-name": [b": b"], "nul": [b"X-A: b\0c"], "nul-name": [b"X\0A: b"], "bare-cr": [b"X-A: b\rX-B: c"],
    "bare-lf": [b"X-A: b\nX-B: c"], "del": [b"X-A: \x7f"], "bell": [b"X-A: \x07"], "quotes-name": [b'"X": b'], "high-name": [b"X\xe9: b"],
    "brackets-name": [b"X[]: b"],
}


@pytest.mark.parametrize("name", HEADS)
def test_e65_header_lines_are_exact(server, url, name):
    answer = exchange(url, head(url, *HEADS[name]))
    assert_refused(answer, 400)
    assert answer.is_closed


LINES = {
    "http-0.9": b"GET /\r\n", "no-version": b"GET /healthz\r\nHost: x\r\n\r\n", "http-2": b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
    "http-1.2": b"GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n", "http-11": b"GET /healthz HTTP/11\r\nHost: x\r\n\r\n",
    "lower": b"GET /healthz http/1.1\r\nHost: x\r\n\r\n", "two-spaces": b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab": b"GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n", "space-behind": b"GET /healthz HTTP/1.1 \r\nHost: x\r\n\r\n",
    "space-in-target": b"GET /heal thz HTTP/1.1\r\nHost: x\r\n\r\n", "fragment": b"GET /healthz#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "high": b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "nul": b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "no-slash": b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "other-scheme": b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "absolute-other-host": b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute-user": b"GET http://x@evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n", "star": b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "bare-lf": b"GET /healthz HTTP/1.1\nHost: x\n\n", "bad-method": b"G(T /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "socks": b"\x05\x01\x00\r\n\r\n", "proxy-protocol": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "http2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@pytest.mark.parametrize("name", LINES)
def test_e65_request_lines_are_exact(server, url, name):
    answer = exchange(url, LINES[name], half_close=name == "http-0.9")
    assert_refused(answer, 400, 505)
    assert answer.is_closed


@pytest.mark.parametrize("data, status", [
    (lambda u: head(u, b"X-A: " + b"a" * 65_536), 431),
    (lambda u: head(u, *[b"X-%d: b" % n for n in range(10_000)]), 431),
    (lambda u: head(u, *[b"a:" for _ in range(200)]), 431),
    (lambda u: head(u, first=b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1"), 414),
    (lambda u: head(u, first=b"GET /?" + b"a=b&" * 4_000 + b" HTTP/1.1"), 414),
    (lambda u: b"A" * 1_000_000, 400),
    (lambda u: b"GET / HTTP/1.1\r\n" + b"a" * 1_000_000, 431),
])
def test_e66_heads_have_a_limit(server, url, data, status):
    before = rss_mib(server.process.pid)
    for _ in range(5):
        answer = exchange(url, data(url))
        assert_refused(answer, status, *({400, 414} if status == 400 else ()))
        assert answer.is_closed
    assert rss_mib(server.process.pid) - before < 20


def test_e66_a_body_over_the_limit_is_refused_before_it_comes(server, url):
    for lines in ([b"Content-Length: 999999999999999999"], [b"Content-Length: 999999999999999999", b"Expect: 100-continue"]):
        answer = exchange(url, head(url, *lines, first=b"PUT /bucket/key HTTP/1.1"))
        assert_refused(answer, 413)
        assert answer.is_closed


def test_e67_slow_heads_are_ended_and_others_are_served(server):
    slow = [connect(url) for url in (server.api_url, server.store_url) for _ in range(50)]
    try:
        begun = time.monotonic()
        for sock in slow:
            sock.sendall(b"GET /healthz HTT")
        while time.monotonic() - begun < 3:
            for sock in slow:
                with contextlib.suppress(OSError):
                    sock.sendall(b"P")
            asked = time.monotonic()
            assert ask(server.api_url + "/healthz").status == 200
            assert time.monotonic() - asked < 2
        for sock in slow:
            sock.settimeout(15)
            got = receive_until_end(sock)
            assert got == b"" or got.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400")), got
        assert time.monotonic() - begun < 20
    finally:
        for sock in slow:
            sock.close()


def test_e67_a_reader_that_does_not_read_holds_little(server):
    image = upload(server, png(1600, 1200, (1, 2, 3)))
    target = f"/i/{image['image_id']}/w=1600,f=png"
    assert ask(server.api_url + target).status == 200
    before = rss_mib(server.process.pid)
    request = head(server.api_url, first=f"GET {target} HTTP/1.1".encode())
    stuck = []
    try:
        for _ in range(40):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            host, port = netloc(server.api_url).split(":")
            sock.connect((host, int(port)))
            sock.sendall(request * 20)
            stuck.append(sock)
        assert ask(server.api_url + target).status == 200
        assert rss_mib(server.process.pid) - before < 30
    finally:
        for sock in stuck:
            sock.close()


def test_e67_half_an_upload_leaves_nothing(server):
    given = permission(server, PNG)["original"]
    path = given["url"][len(server.store_url):]
    lines = [f"{n}: {v}".encode() for n, v in given["headers"].items()]
    with nothing_left_behind(server):
        for cut in (0, 1, len(PNG) // 2, len(PNG) - 1):
            with connect(server.store_url) as sock:
                request = head(server.store_url, *lines, b"Content-Length: %d" % len(PNG), first=f"PUT {path} HTTP/1.1".encode())
                send_all(sock, request + PNG[:cut])
    assert send_upload(given, PNG).status == 200


EXPECTING = [b"Content-Length: 100000", b"Expect: 100-continue"]


@pytest.mark.parametrize("lines, status", [
    ([], 401), ([b"Authorization: Bearer x"], 401), ([b"Authorization: Bearer KEY"], 415), ([b"Authorization: Bearer KEY", b"Content-Type: application/json"], 413),
])
def test_e68_nobody_is_told_to_go_on_before_he_may(server, lines, status):
    lines = [line.replace(b"KEY", server.keys["server"].encode()) for line in lines]
    with nothing_left_behind(server):
        answer = exchange(server.api_url, head(server.api_url, *lines, *EXPECTING, first=POST))
        assert_refused(answer, status)
        assert answer.is_closed, "the rest of the body would be read as a request"


def test_e68_the_store_says_go_on_only_to_who_may(server):
    given = permission(server, PNG)["original"]
    path = given["url"][len(server.store_url):]
    lines = [f"{n}: {v}".encode() for n, v in given["headers"].items()]
    with nothing_left_behind(server):
        answer = exchange(server.store_url, head(server.store_url, *EXPECTING, *lines, first=f"PUT {path} HTTP/1.1".encode()))
        assert_refused(answer, 403)
        assert answer.is_closed
        # Told to go on, he sends nothing and leaves.
        with connect(server.store_url) as sock:
            good = [b"Content-Length: %d" % len(PNG), b"Expect: 100-continue", *lines]
            send_all(sock, head(server.store_url, *good, first=f"PUT {path} HTTP/1.1".encode()))
            assert sock.recv(100).startswith(b"HTTP/1.1 100")
    assert_refused(exchange(server.api_url, head(server.api_url, b"Expect: something-else")), 400, 417)


def test_e69_requests_in_one_go_are_each_authorised_alone(server):
    count = 10_000
    good = head(server.api_url, b"Authorization: Bearer " + server.keys["server"].encode(), first=b"GET /v1/images?limit=1 HTTP/1.1")
    bare = head(server.api_url, first=b"GET /v1/images?limit=1 HTTP/1.1")
    free = head(server.api_url)
    before = rss_mib(server.process.pid)
    with connect(server.api_url) as sock:
        sender = threading.Thread(target=send_all, args=(sock, b"".join((good, bare, free, bare)[n % 4] for n in range(count))))
        sender.start()
        answers = read_answers(sock, count)
        sender.join(TIMEOUT_S)
    for n, answer in enumerate(answers):
        if n % 4 == 0:
            assert answer.status in (200, 429), answer
        elif n % 4 == 2:
            assert answer.status == 200
        else:
            assert_refused(answer, 401)
    assert rss_mib(server.process.pid) - before < 20


@pytest.mark.parametrize("name, value", [
    ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "::1"), ("Forwarded", "for=127.0.0.1;host=localhost"), ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"),
])
def test_e71_what_is_said_about_the_sender_opens_nothing(server, name, value):
    assert_refused(ask(server.api_url + "/metrics", headers=[(name, value)]), 401)
    assert_refused(ask(server.api_url + "/v1/images", headers=[(name, value)]), 401)


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Host", "X-HTTP-Host-Override"])
def test_e71_forwarded_names_change_no_answer(server, name):
    given = call(server, "POST", "/v1/uploads", {"filename": "a", "content_type": "image/png", "size_bytes": 5}, headers=[(name, "evil.example")])
    assert given.status == 201 and b"evil" not in given.body
    assert_refused(ask(server.api_url + "/metrics", headers=[("Host", "evil.example")]), 401)
    answer = ask(server.api_url + "/healthz", headers=[(name, "/metrics")])
    assert answer.body == b'{"status":"ok"}'


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "DEBUG", "TRACK", "X" * 33, "PATCH", "PURGE", "MOVE"])
def test_e72_methods_that_nobody_offers(server, url, method):
    with nothing_left_behind(server):
        for target in ("/healthz", "/v1/uploads", "/", "/bucket/key"):
            assert_refused(exchange(url, head(url, b"Connection: close", first=f"{method} {target} HTTP/1.1".encode())), 400, 403, 404, 405, 501)


def test_e72_no_trace_and_no_tunnel(server, url):
    for line in (b"TRACE / HTTP/1.1", b"CONNECT evil.example:443 HTTP/1.1", b"CONNECT / HTTP/1.1"):
        answer = exchange(url, head(url, b"X-Canary: CANARY-TRACE", first=line))
        assert_refused(answer, 405, 501)
        assert b"CANARY" not in answer.body


@pytest.mark.parametrize("lines", [
    [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"], [b"Connection: Upgrade", b"Upgrade: websocket"],
    [b"Connection: upgrade", b"Upgrade: TLS/1.0"],
])
def test_e72_nothing_is_upgraded(server, lines):
    answer = exchange(server.api_url, head(server.api_url, *lines))
    assert answer.status == 200 and answer.get("Upgrade") is None


HOSTS = {
    "missing": b"GET /healthz HTTP/1.1\r\n\r\n", "doubled": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "two": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "empty": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "user": b"GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n", "list": b"GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n",
    "path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", "space": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    "port": b"GET /healthz HTTP/1.1\r\nHost: a:b\r\n\r\n", "port-large": b"GET /healthz HTTP/1.1\r\nHost: a:999999\r\n\r\n",
    "script": b"GET /healthz HTTP/1.1\r\nHost: <script>\r\n\r\n", "bracket": b"GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n",
}


@pytest.mark.parametrize("name", HOSTS)
def test_e73_there_is_one_host(server, url, name):
    answer = exchange(url, HOSTS[name])
    assert_refused(answer, 400)
    assert answer.is_closed and b"script" not in answer.body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "x-gzip", "GZIP"])
def test_e74_no_body_is_inflated(server, coding):
    bomb = gzip.compress(b" " * 10_000_000 + b'{"filename":"a","content_type":"image/png","size_bytes":5}')
    lines = [("Authorization", f"Bearer {server.keys['server']}"), ("Content-Type", "application/json"), ("Content-Encoding", coding)]
    before = rss_mib(server.process.pid)
    with nothing_left_behind(server):
        assert_refused(ask(server.api_url + "/v1/uploads", "POST", bomb, lines), 415)
    assert rss_mib(server.process.pid) - before < 5


def test_the_server_is_well_after_all_this(server):
    assert server.process.poll() is None
    image = upload(server, PNG)
    assert ask(f"{server.api_url}/i/{image['image_id']}/thumb").status == 200
    metrics = ask(server.api_url + "/metrics").body.decode()
    open_now = [float(line.split()[-1]) for line in metrics.splitlines() if line.startswith("pixgate_http_connections{")]
    assert open_now and sum(open_now) < 20, "connections of strangers are left open"
    assert len(descendants(server.process.pid)) < 10
    wait_for(lambda: rss_mib(server.process.pid) < 400, "memory within bounds")
