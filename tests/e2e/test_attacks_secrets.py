"""What leaks (I 140-141): canaries as secrets, every error that can be driven, and then a search for them in the log, the
metrics, every answer, and in the processes that decode strangers' pictures."""
import contextlib
import http.server
import json
import os
import struct
import threading
import urllib.parse
import zlib
from pathlib import Path

import pytest
from attacker import (
    ask, assert_refused, call, descendants, exchange, jwt, netloc, page_key, permission, png, presign, send_upload, sign, upload,
    wait_for,
)
from pixgate_server import PixgateServer

JWT_SECRET = "CANARY-jwt-secret-0123456789abcdef"
EDGE_SECRET = "CANARY-edge-secret-0123456789abcdef"
STORE_SECRET = "CANARYstoresecret0123456789abcdefghijkl"
WEBHOOK = "CANARY-T000-B000-webhook"
CANARIES = [JWT_SECRET, EDGE_SECRET, STORE_SECRET, WEBHOOK]
DECODERS_OWN = {b"VIPS_NOVECTOR", b"ORC_CODE", b"MALLOC_ARENA_MAX", b"VIPSHOME", b"LD_BIND_NOW"}
PNG = png(200, 150)


def interlaced_png(side):
    """RGBA of 16 bits in seven passes: as much work for a decoder as its few bytes can ask for."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    size = sum(-(-(side - y) // dy) * (1 + 8 * -(-(side - x) // dx)) for x, y, dx, dy in passes)
    out = b"\x89PNG\r\n\x1a\n"
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 1)
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(size))), (b"IEND", b"")):
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


class EchoingWebhook(http.server.BaseHTTPRequestHandler):
    """Not Slack but something in its place, which shows what it was asked for."""

    answers = [500, 404]
    seen = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers[min(type(self).seen, len(self.answers) - 1)]
        type(self).seen += 1
        page = f"<pre>Cannot POST {self.path}</pre>".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def webhook():
    EchoingWebhook.seen = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EchoingWebhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory, webhook):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(f"""
[log]
level = "debug"
[jwt]
issuer = "i"
audience = "a"
[[jwt.keys]]
id = "k"
algorithm = "HS256"
secret = "{JWT_SECRET}"
[[edge.signing_keys]]
id = "e1"
secret = "{EDGE_SECRET}"
[alerts]
slack_webhook_url = "http://127.0.0.1:{webhook}/services/{WEBHOOK}"
interval_seconds = 1
[sandbox]
max_wall_milliseconds = 100
[function]
first_retry_seconds = 1
""")
    env = {"PIXGATE_STORE_SECRET_KEY": STORE_SECRET}
    with PixgateServer("--config", str(config), env=env) as running:
        running.secret_key = STORE_SECRET
        yield running


@pytest.fixture(scope="module")
def driven(server):
    """All answers of a server that was asked for everything in every wrong way."""
    out = []
    ready = upload(server, PNG)
    link = call(server, "POST", f"/v1/images/{ready['image_id']}/links", {"transforms": ["w=301"]}).json()["links"][0]["url"]
    given = permission(server, PNG)["original"]
    out += [ask(link), ask(link + "x"), ask(link.replace("w=301", "w=302")), send_upload(given, PNG + b"x"), ask(given["url"] + "x", "PUT", PNG, given["headers"])]
    out += [call(server, "GET", f"/v1/images/{ready['image_id']}"), call(server, "GET", "/v1/images")]
    for token in ("x", jwt({"sub": "x"}, JWT_SECRET, {"alg": "HS256", "kid": "k"}), jwt({"sub": "x"}, "wrong", {"alg": "HS256", "kid": "k"}),
                  jwt({}, JWT_SECRET, {"alg": "none"}), page_key(server) + "x"):
        out.append(call(server, "POST", "/v1/uploads", {"filename": 1}, token=token))
    for body in (b"{", b'{"x":1}', b"\xff", b"[]", b'{"filename":"a","content_type":"text/html","size_bytes":1}'):
        out.append(call(server, "POST", "/v1/uploads", body))
    for key in ("admin", "server"):
        for method, path in (("GET", "/v1/dead-letters"), ("GET", "/v1/dead-letters?cursor=x"), ("POST", "/v1/dead-letters/x/redrive"), ("DELETE", "/v1/images/x"),
                             ("GET", "/v1/images?cursor=x"), ("GET", "/v1/images?limit=x"), ("GET", "/nowhere"), ("PUT", "/v1/images"), ("GET", "/v1/images/%ff")):
            out.append(call(server, method, path, key=key))
    for bent in ({"secret": "wrong"}, {"access_key": "AKIAUNKNOWN"}, {"now": "20000101T000000Z"}, {"region": "x"}, {}):
        for target in ("/", "/pixgate-originals/none", "/none/none", "/pixgate-originals?list-type=2&max-keys=x", "/pixgate-originals?acl"):
            out.append(ask(server.store_url, "GET", headers=sign(server, "GET", target, **bent), target=target))
    out += [ask(presign(server, "GET", "/none/none")), ask(presign(server, "GET", "/none/none", expires=0)), ask(presign(server, "GET", "/x/y") + "&a=b")]
    for url in (server.api_url, server.store_url):
        for data in (b"\0\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /?sig=CANARY HTTP/1.1\r\nHost: " + netloc(url).encode() + b"\r\nConnection: close\r\n\r\n"):
            out.append(exchange(url, data))
    # A thumbnail that takes too long is quarantined, with an alert that nobody takes: no size is made of it, so it has no more
    # time than the settings give.
    slow = interlaced_png(4_096)
    given = permission(server, PNG, thumbnails=[{"name": "slow", "content_type": "image/png", "size_bytes": len(slow)}])
    assert send_upload(given["thumbnails"][0], slow).status == 200
    wait_for(lambda: EchoingWebhook.seen >= 1, "the alert was tried")
    wait_for(lambda: b"alerts not said" in server.log_path.read_bytes() or b"turned off" in server.log_path.read_bytes(), "its failure is in the log")
    out += [ask(server.api_url + "/metrics"), ask(server.api_url + "/healthz"), ask(server.api_url + "/readyz"), ask(server.api_url + "/"), ask(server.api_url + "/openapi.yaml")]
    return out


def test_i140_no_secret_in_any_answer(server, driven):
    first_start = json.loads((server.data_dir / "secrets.json").read_text())
    secrets = CANARIES + [value for name, value in first_start.items() if name.endswith(("_key", "secret")) and name != "store_access_key"]
    assert len(driven) > 60 and len(secrets) > 8
    for answer in driven:
        text = answer.body + repr(answer.fields).encode()
        for secret in secrets:
            assert secret.encode() not in text, (secret, answer)
        for inside in (str(server.data_dir).encode(), b"/src/", b"std::"):
            assert inside not in text, answer
        assert answer.status < 500 or answer.status in (501, 505), answer


def test_i140_no_secret_in_the_log(server, driven):
    lines = [line for line in server.log_path.read_text(errors="replace").splitlines() if line.startswith("{")]
    assert len(lines) > 60
    signatures = [urllib.parse.parse_qs(urllib.parse.urlsplit(f["url"]).query)["X-Amz-Signature"][0] for f in [permission(server, PNG)["original"]]]
    keys = [*server.keys.values(), page_key(server)]
    for line in lines:
        json.loads(line)
        for secret in (*CANARIES, *keys, *signatures):
            assert secret not in line, line
        assert "Signature=" not in line.replace("Signature=***", "") and "&sig=" not in line.replace("&sig=***", ""), line


def test_i140_lines_of_the_log_cannot_be_forged(server):
    forged = '\\n{"level":"error","message":"FORGED"}'
    name = f'a\r\n{{"level":"error","message":"FORGED"}}\x1b[31m{forged}.png'
    call(server, "POST", "/v1/uploads", {"filename": name, "content_type": "image/png", "size_bytes": 5})
    call(server, "POST", "/v1/uploads", {name: 1})
    path = urllib.parse.quote("\r\n" + forged)
    ask(server.api_url + "/v1/" + path)
    ask(server.store_url + "/bucket/" + path)
    ask(server.store_url, "PUT", b"", sign(server, "PUT", f"/pixgate-originals/{path}"), target=f"/pixgate-originals/{path}")
    ask(server.api_url + "/v1/images", headers=[("Authorization", "Bearer " + forged), ("User-Agent", forged), ("X-Request-Id", forged)])
    for line in server.log_path.read_bytes().splitlines():
        if line.startswith(b"{"):
            assert json.loads(line)["message"] != "FORGED"
        assert b"\x1b" not in line


def memory_of(pid):
    """What can be read of a process's own writable memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if not mode.startswith("rw") or end - start > 256 << 20:
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                yield memory.read(end - start)


def test_i140_the_processes_of_pictures_know_no_secret(server, driven):
    children = descendants(server.process.pid)
    assert children, "the sandbox has a process of its own"
    n_bytes = 0
    for pid in children:
        try:
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            pieces = [environ, Path(f"/proc/{pid}/cmdline").read_bytes(), *memory_of(pid)]
        except PermissionError:
            pytest.skip("the kernel does not let this user look into the child")
        except FileNotFoundError:
            continue
        names = {item.split(b"=")[0] for item in environ.split(b"\0") if item}
        assert names <= DECODERS_OWN, environ
        n_bytes += sum(map(len, pieces))
        for piece in pieces:
            for secret in (*CANARIES, *server.keys.values(), page_key(server)):
                assert secret.encode() not in piece, f"{secret} in process {pid}"
        links = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()]
        assert not [link for link in links if "pixgate.db" in str(link) or "secrets" in str(link)], links
    assert n_bytes > 100_000


def test_i140_other_processes_of_the_same_user_cannot_look_into_the_server(server):
    if os.getuid() == 0:
        pytest.skip("root may look into every process")
    assert os.stat(f"/proc/{server.process.pid}/environ").st_uid == 0
    with pytest.raises(PermissionError):
        next(memory_of(server.process.pid))


def test_i140_the_command_line_of_the_server_names_no_secret(server):
    assert b"CANARY" not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()


def test_i140_files_with_secrets_are_the_owners_alone(server):
    assert (server.data_dir / "secrets.json").stat().st_mode & 0o077 == 0
    assert server.data_dir.stat().st_mode & 0o077 == 0


def test_i141_strangers_learn_little_of_the_server(server, driven):
    assert ask(server.api_url + "/healthz").body == b'{"status":"ok"}'
    assert ask(server.api_url + "/readyz").body == b'{"status":"ready"}'
    proxied = [("X-Forwarded-For", "203.0.113.9")]
    assert_refused(ask(server.api_url + "/metrics", headers=proxied), 401)
    metrics = ask(server.api_url + "/metrics").body.decode()
    for inside in (str(server.data_dir), "local", "CANARY", "key:", "jwt:", "AKIA"):
        assert inside not in "\n".join(line for line in metrics.splitlines() if not line.startswith("#")), inside
    for answer in (ask(server.api_url + "/nowhere"), ask(server.store_url + "/"), exchange(server.api_url, b"\0\r\n\r\n")):
        named = answer.get("Server") or ""
        assert not any(c.isdigit() for c in named), named
        assert answer.get("X-Powered-By") is None
