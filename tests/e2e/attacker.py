"""What a stranger has: a socket, a SigV4 signer that signs anything, and eyes for what an attack left behind.

    answer = exchange(server.api_url, b"GET / HTTP/1.1\\r\\n\\r\\n")     bytes as they are
    answer = ask(url, "PUT", body=b"…", headers=[("x-amz-acl", "public-read")])
    with nothing_left_behind(server): …                             no row, object or file more or less

Written apart from the product's own code, so that both being wrong in the same way is unlikely.
"""
import base64
import contextlib
import hashlib
import hmac
import http.client
import io
import json
import re
import socket
import sqlite3
import struct
import time
import urllib.parse
import zlib
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 20
MAX_REFUSAL_BYTES = 6_000  # S3's SignatureDoesNotMatch shows what was to be signed


@dataclass
class Answer:
    status: int
    fields: list
    body: bytes
    is_closed: bool | None = None  # the server ended the connection; None: not looked at

    def get(self, name, default=None):
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        return values[0] if values else default

    def json(self):
        return json.loads(self.body)

    def xml_code(self):
        if b"<Code>" not in self.body:
            return None
        return self.body.split(b"<Code>")[1].split(b"</Code>")[0].decode()


def connect(url, timeout=TIMEOUT_S):
    parts = urllib.parse.urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)


def netloc(url):
    return urllib.parse.urlsplit(url).netloc


def send_all(sock, data):
    """Sends; a server that has refused and gone need not take the rest."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        sock.sendall(data)


def receive_until_end(sock):
    out = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            out += piece
    return out


def read_answers(sock, count, method="GET"):
    """The next `count` answers on a connection."""
    file = sock.makefile("rb")
    answers = []
    for _ in range(count):
        response = http.client.HTTPResponse(_File(file), method=method)
        response.begin()
        body = response.read()
        answers.append(Answer(response.status, response.getheaders(), body))
    return answers


class _File:
    def __init__(self, file):
        self.file = file

    def makefile(self, *_args, **_kwargs):
        return _Unclosed(self.file)


class _Unclosed(io.RawIOBase):
    """HTTPResponse closes its file at the end of a body; the connection goes on."""

    def __init__(self, file):
        self.file = file

    def readable(self):
        return True

    def readline(self, *args):
        return self.file.readline(*args)

    def read(self, *args):
        return self.file.read(*args)

    def readinto(self, buffer):
        return self.file.readinto(buffer)

    def flush(self):
        pass


def exchange(url, data, half_close=False):
    """Sends the bytes, reads the first answer, and says whether the server then ended the connection."""
    with connect(url) as sock:
        send_all(sock, data)
        if half_close:
            sock.shutdown(socket.SHUT_WR)
        answer = read_answers(sock, 1)[0]
        sock.settimeout(1)
        try:
            answer.is_closed = sock.recv(1) == b""
        except ConnectionResetError:
            answer.is_closed = True
        except TimeoutError:
            answer.is_closed = False
        return answer


def ask(url, method="GET", body=b"", headers=(), target=None):
    """One request on a connection of its own. `headers`: pairs, kept as they are; Host and Content-Length are added
    where they are not among them. `target` replaces the path and query of the URL."""
    parts = urllib.parse.urlsplit(url)
    if target is None:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if isinstance(headers, dict):
        headers = list(headers.items())
    names = {name.lower() for name, _ in headers}
    lines = [f"{method} {target} HTTP/1.1".encode()]
    if "host" not in names:
        lines.append(b"Host: " + parts.netloc.encode())
    if "content-length" not in names and "transfer-encoding" not in names and (body or method in ("PUT", "POST")):
        lines.append(b"Content-Length: %d" % len(body))
    lines.append(b"Connection: close")
    for name, value in headers:
        value = value if isinstance(value, bytes) else str(value).encode()
        lines.append(name.encode() + b": " + value)
    with connect(url) as sock:
        send_all(sock, b"\r\n".join(lines) + b"\r\n\r\n" + body)
        response = http.client.HTTPResponse(sock, method=method)
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())


def ask_at_once(url, path, count, timeout=60):
    """One request on each of `count` connections, all of them open before the first is sent; the answers as they came."""
    request = f"GET {path} HTTP/1.1\r\nHost: {netloc(url)}\r\nConnection: close\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(contextlib.closing(connect(url, timeout))) for _ in range(count)]
        for sock in sockets:
            sock.sendall(request)
        return [receive_until_end(sock) for sock in sockets]


def metric(server, name):
    """The sum of all series of one name."""
    text = ask(server.api_url + "/metrics").body.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}[ {{]", line))


def link(server, image_id, transform):
    """A signed URL of it."""
    answer = call(server, "POST", f"/v1/images/{image_id}/links", {"transforms": [transform]})
    assert answer.status == 200, answer
    return answer.json()["links"][0]["url"]


def send_upload(request, body, headers=(), method=None, **changes):
    """Sends a presigned request as the sender was told to, plus or minus what the attack changes."""
    fields = {**request["headers"], **changes}
    return ask(request["url"], method or request["method"], body, [*fields.items(), *headers])


def call(server, method, path, json_body=None, key="server", headers=(), token=None):
    fields = list(headers)
    token = token or server.keys.get(key)
    if token:
        fields.append(("Authorization", f"Bearer {token}"))
    body = b""
    if json_body is not None:
        body = json_body if isinstance(json_body, bytes) else json.dumps(json_body).encode()
        fields.append(("Content-Type", "application/json"))
    return ask(server.api_url + path, method, body, fields)


def page_key(server):
    """The client key in the link that signs in the page."""
    return server.page_url.split("#key=")[1]


def permission(server, picture, content_type="image/png", filename="a.png", **more):
    answer = call(server, "POST", "/v1/uploads", {
        "filename": filename, "content_type": content_type, "size_bytes": len(picture), **more,
    })
    assert answer.status == 201, answer
    return answer.json()


def wait_for(condition, what, seconds=TIMEOUT_S):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def wait_state(server, image_id, states=("ready",), seconds=TIMEOUT_S):
    """The image, once its state is one of these."""
    def look():
        answer = call(server, "GET", f"/v1/images/{image_id}")
        assert answer.status == 200, answer
        image = answer.json()
        return image if image["state"] in states else None

    return wait_for(look, f"image {image_id} in {states}", seconds)


def upload(server, picture, content_type="image/png", states=("ready",), **more):
    given = permission(server, picture, content_type, **more)
    sent = send_upload(given["original"], picture)
    assert sent.status == 200, sent
    return wait_state(server, given["image_id"], states)


def png(width=64, height=48, colour=(200, 30, 30)):
    row = b"\0" + bytes(colour) * width
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row * height)),
             (b"IEND", b"")]
    out = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        out += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return out


def sign(server, method, target, headers=(), payload=b"", content_sha256=None, now=None, scope_date=None, region="us-east-1",
         service="s3", access_key=None, secret=None, signed=None, host=None):
    """Headers with which this request is signed in its Authorization header; each default can be bent.
    `target` is taken as it is on the wire: its path and query are what is signed."""
    now = now or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    date = scope_date or now[:8]
    digest = content_sha256 or hashlib.sha256(payload).hexdigest()
    fields = [("host", host or netloc(server.store_url)), ("x-amz-date", now), ("x-amz-content-sha256", digest),
              *((name.lower(), value) for name, value in headers)]
    names = signed if signed is not None else sorted({name for name, _ in fields})
    path, _, query = target.partition("?")
    items = sorted(item if "=" in item else item + "=" for item in query.split("&") if item)
    lines = [f"{name}:" + ",".join(" ".join(v.split()) for n, v in fields if n == name) for name in names]
    canonical = "\n".join([method, path, "&".join(items), *lines, "", ";".join(names), digest])
    scope = f"{date}/{region}/{service}/aws4_request"
    signature = signature_of(secret or server.secret_key, now, date, region, service, scope, canonical)
    return [("Host" if n == "host" else n, v) for n, v in fields] + [(
        "Authorization", f"AWS4-HMAC-SHA256 Credential={access_key or server.access_key}/{scope}, "
                         f"SignedHeaders={';'.join(names)}, Signature={signature}")]


def presign(server, method, target, expires=300, now=None, signed_fields=(), extra=(), secret=None):
    """A presigned URL of our own making; `extra` query items are signed with it."""
    now = now or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    fields = sorted([("host", netloc(server.store_url)), *signed_fields])
    names = ";".join(name for name, _ in fields)
    quote = lambda text: urllib.parse.quote(text, safe="-_.~")  # noqa: E731
    items = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", f"{server.access_key}/{scope}"),
             ("X-Amz-Date", now), ("X-Amz-Expires", str(expires)), ("X-Amz-SignedHeaders", names), *extra]
    query = "&".join(sorted(f"{quote(name)}={quote(value)}" for name, value in items))
    lines = "".join(f"{name}:{value}\n" for name, value in fields)
    canonical = f"{method}\n{target}\n{query}\n{lines}\n{names}\nUNSIGNED-PAYLOAD"
    signature = signature_of(secret or server.secret_key, now, now[:8], "us-east-1", "s3", scope, canonical)
    return f"{server.store_url}{target}?{query}&X-Amz-Signature={signature}"


def signature_of(secret, now, date, region, service, scope, canonical):
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, secret, header=None, signature=None):
    """A token signed with HS256; header and signature can be bent. `claims`: a dict, or JSON text."""
    head = {"alg": "HS256", "typ": "JWT"} if header is None else header
    text = claims if isinstance(claims, str) else json.dumps(claims)
    signed = base64url(json.dumps(head).encode()) + "." + base64url(text.encode())
    if signature is None:
        signature = base64url(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())
    return f"{signed}.{signature}"


def assert_refused(answer, *statuses):
    """A refusal: one of these codes, a small body of a known form, nothing of the server's inside in it."""
    assert answer.status in statuses, answer
    assert len(answer.body) <= MAX_REFUSAL_BYTES, f"{len(answer.body)} bytes"
    for inside in (b"src/", b".cpp", b"pixgate-e2e-", b"SQL", b"exception", b"std::"):
        assert inside not in answer.body, answer
    names = [name.lower() for name, _ in answer.fields]
    assert len(names) == len(set(names)), f"a header twice: {names}"
    kind = answer.get("Content-Type", "")
    if kind.startswith("application/problem+json"):
        problem = answer.json()
        assert problem["status"] == answer.status and problem["code"], problem
    elif answer.body:
        assert kind in ("application/xml", "text/plain", "text/plain; charset=utf-8"), answer


def traces(server):
    """How many rows each table has, and the files of the store: whatever a request did must show in these."""
    with contextlib.closing(sqlite3.connect(f"file:{server.data_dir}/pixgate.db?mode=ro", uri=True, timeout=10)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
    data = Path(server.data_dir)
    files = {f"{name}/": sorted(p.name for p in (data / name).rglob("*") if p.is_file()) for name in ("objects", "tmp")}
    return {**rows, **files}


@contextlib.contextmanager
def nothing_left_behind(server):
    """What is done inside must change nothing that is kept, and the server must live on."""
    before = settled_traces(server)
    yield
    wait_for(lambda: traces(server) == before, f"the server as it was: {difference(before, traces(server))}", 5)
    assert server.process.poll() is None, "the server has ended"
    assert ask(server.api_url + "/healthz").status == 200


def settled_traces(server):
    """Traces once two looks in a row are the same: what came before has had its effect."""
    def look():
        first = traces(server)
        time.sleep(0.05)
        return first if traces(server) == first else None

    return wait_for(look, "a server at rest")


def wait_events_done(server, seconds=TIMEOUT_S):
    """Until every stored object's event and message has had its effect."""
    def look():
        now = settled_traces(server)
        return now["events"] == now["messages"] == 0

    wait_for(look, "every event has had its effect", seconds)


def difference(before, after):
    return {name: (before.get(name), after.get(name)) for name in {*before, *after} if before.get(name) != after.get(name)}


def rss_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no VmRSS of {pid}")


def descendants(pid):
    out = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                out += [child, *descendants(child)]
    return out


def without_spare(pids):
    """But for the child that waits for its picture."""
    def name_of(pid):
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return ""
    return [pid for pid in pids if name_of(pid) != "pixgate-spare"]
