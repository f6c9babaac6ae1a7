"""The API of the real binary, held against docs/api/openapi.yaml."""
import base64
import hashlib
import hmac
import json
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from api_client import Client, png
from openapi import OpenApi
from pixgate_server import PixgateServer

ABSENT = "0192f0c1-5a00-7000-8000-000000000001"
JWT_SECRET = "an-hs256-secret-of-32-bytes-or-more"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(f"""
[api]
cors_allowed_origins = ["https://app.example"]
[jwt]
issuer = "https://issuer.example"
audience = "pixgate"
[[jwt.keys]]
id = "main"
algorithm = "HS256"
secret = "{JWT_SECRET}"
[[policies]]
name = "hidden"
visibility = "private"
""")
    with PixgateServer("--config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    return Client(server, server.keys["server"])


@pytest.fixture(scope="module")
def admin(server):
    return Client(server, server.keys["admin"])


def jwt(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    text = part({"alg": "HS256", "kid": "main"}) + "." + part({
        "iss": "https://issuer.example", "aud": "pixgate", "exp": int(time.time()) + 300, **claims})
    signature = hmac.new(JWT_SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return text + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def test_the_document_describes_every_route_and_no_other(admin):
    """405 and 404 tell what the server knows: each documented operation is there, and its path has no other method."""
    paths = {}
    for method, path, _ in admin.document.operations():
        paths.setdefault(path, set()).add(method)
    for path, methods in paths.items():
        target = path.replace("{id}", ABSENT).replace("{image_id}", ABSENT).replace("{transform}", "w640")
        other = admin.call("PATCH", target, is_described=False)
        assert other.status == 405, path
        allowed = set(other.headers["Allow"].replace(" ", "").split(",")) - {"HEAD", "OPTIONS"}
        assert allowed == methods, path


def test_the_served_document_is_the_one_of_the_repository(client):
    served = client.call("GET", "/openapi.yaml")
    assert OpenApi(served.raw.decode()).document == client.document.document


def test_an_image_from_permission_to_deletion(client):
    picture = png()
    checksum = base64.b64encode(hashlib.sha256(picture).digest()).decode()
    image = client.upload(picture, checksum_sha256=checksum, owner="alice", metadata={"album": "x"})
    assert image["state"] == "ready"
    assert [entry["state"] for entry in image["history"]] == ["pending", "stored", "ready"]
    assert image["owner"] == "alice" and image["metadata"] == {"album": "x"}
    original = image["original"]
    assert (original["width_px"], original["height_px"], original["size_bytes"]) == (64, 48, len(picture))
    assert original["sha256"] == hashlib.sha256(picture).hexdigest()
    with urllib.request.urlopen(original["url"], timeout=20) as response:
        assert response.read() == picture
    assert client.call("GET", "/v1/images?owner=alice&limit=1").json["images"][0]["image_id"] == image["image_id"]
    assert client.call("DELETE", f"/v1/images/{image['image_id']}").status == 204
    assert client.call("GET", f"/v1/images/{image['image_id']}").status == 404
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(original["url"], timeout=20)
    assert gone.value.code == 404


def test_thumbnails_become_variants(client):
    picture, thumbnail = png(), png(16, 12)
    wanted = [{"name": "thumb", "content_type": "image/png", "size_bytes": len(thumbnail)}]
    permission = client.ask(picture, thumbnails=wanted).json
    client.send(permission["thumbnails"][0], thumbnail)
    client.send(permission["original"], picture)
    client.until_final(permission["image_id"])
    deadline = time.monotonic() + 20
    while not (sent := [variant for variant in client.call("GET", f"/v1/images/{permission['image_id']}").json["variants"]
                        if variant["kind"] == "thumbnail"]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    variant = sent[0]
    assert (variant["name"], variant["width_px"], variant["height_px"]) == ("thumb", 16, 12)
    with urllib.request.urlopen(variant["url"], timeout=20) as response:
        assert response.read() == thumbnail


def test_a_picture_that_is_none_is_rejected_with_a_reason(client):
    image = client.upload(b"<script>alert(1)</script>" * 10)
    assert image["state"] == "rejected" and image["reason"]
    assert image["original"]["url"] is None


def test_refusals_are_problems_as_described(client, admin, server):
    for body in ({}, {"filename": "a", "content_type": "text/html", "size_bytes": 1}, [], {"x": 1}, b"{", b"nonsense"):
        answer = client.call("POST", "/v1/uploads", body)
        assert answer.status == 400 and answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert client.call("POST", "/v1/uploads", b"{}", {"Content-Type": "text/plain"}).status == 415
    assert client.call("POST", "/v1/uploads", b" " * 70_000).status == 413
    assert client.call("GET", "/v1/images?limit=0").json["field"] == "limit"
    assert client.call("GET", f"/v1/images/{ABSENT}").status == 404
    assert client.call("GET", f"/v1/images/{ABSENT}/events").status == 404
    assert client.call("POST", f"/v1/images/{ABSENT}/links", {"transforms": ["w640"]}).status == 404
    assert client.call("GET", "/v1/dead-letters").status == 403
    assert client.call("GET", "/metrics").status == 403
    assert admin.call("GET", "/v1/dead-letters").json["dead_letters"] == []
    assert admin.call("POST", "/v1/dead-letters/absent/redrive").status == 404
    assert admin.call("DELETE", "/v1/dead-letters/absent").status == 404
    nobody = Client(server, "")
    assert nobody.call("GET", "/v1/images").status == 401
    assert nobody.call("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.1"}).status == 401


def test_idempotency_key(client):
    key = {"Idempotency-Key": "order-17"}
    body = {"filename": "a.png", "content_type": "image/png", "size_bytes": 100}
    first = client.call("POST", "/v1/uploads", body, key)
    again = client.call("POST", "/v1/uploads", body, key)
    assert first.json["image_id"] == again.json["image_id"]
    other = client.call("POST", "/v1/uploads", {**body, "size_bytes": 101}, key)
    assert other.status == 412 and other.json["code"] == "idempotency_key_reused"


def test_operation_routes(admin, server):
    nobody = Client(server, "")
    assert nobody.call("GET", "/healthz").json == {"status": "ok"}
    assert nobody.call("GET", "/readyz").json == {"status": "ready"}
    assert b"pixgate_" in nobody.call("GET", "/metrics").raw
    assert b"pixgate_" in admin.call("GET", "/metrics").raw


def test_tokens_act_for_their_subject_only(client, server):
    mine, other = Client(server, jwt(sub="dora")), Client(server, jwt(sub="eve"))
    image = mine.upload()
    assert image["owner"] == "dora"
    assert other.call("GET", f"/v1/images/{image['image_id']}").status == 404
    assert other.call("DELETE", f"/v1/images/{image['image_id']}").status == 404
    assert mine.call("GET", "/v1/images?owner=eve").status == 403
    reader = Client(server, jwt(sub="dora", pixgate={"may": ["read"]}))
    assert reader.call("DELETE", f"/v1/images/{image['image_id']}").status == 403
    expired = Client(server, jwt(sub="dora", exp=int(time.time()) - 60))
    assert expired.call("GET", "/v1/images").status == 401


def test_links_open_private_images(client, server):
    image = client.upload(policy="hidden")
    plain = urllib.request.Request(f"{server.api_url}/i/{image['image_id']}/w64")
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(plain, timeout=20)
    made = client.call("POST", f"/v1/images/{image['image_id']}/links", {"transforms": ["w320", "w=33"]}).json
    for link in made["links"]:
        with urllib.request.urlopen(link["url"], timeout=20) as response:
            assert response.headers["Content-Type"].startswith("image/")


def test_cors(client, server):
    preflight = client.call("OPTIONS", "/v1/uploads", is_described=False, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type"})
    assert preflight.status == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    refused = Client(server, "").call("GET", "/v1/images", headers={"Origin": "https://app.example"})
    assert refused.headers["Access-Control-Allow-Origin"] == "https://app.example"
    evil = client.call("GET", "/v1/images", headers={"Origin": "https://evil.example"})
    assert evil.headers["Access-Control-Allow-Origin"] is None


class Events:
    """Server-sent events over a socket of our own."""

    def __init__(self, server, target, key, headers=None):
        url = urllib.parse.urlsplit(server.api_url)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=20)
        fields = {"Host": url.netloc, "Authorization": "Bearer " + key, **(headers or {})}
        text = f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
        self.socket.sendall(text.encode())
        self.file = self.socket.makefile("rb")
        assert b" 200 " in self.file.readline()
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def lines(self):
        for line in self.file:
            yield line.decode().rstrip("\r\n")

    def images(self):
        """(id, image) of each event, to the end of the stream."""
        last_id = None
        for line in self.lines():
            if line.startswith("id: "):
                last_id = int(line[4:])
            if line.startswith("data: "):
                image = json.loads(line[6:])
                OpenApi().check({"$ref": "#/components/schemas/Image"}, image, "event")
                yield last_id, image
            if line == "0":  # the last chunk
                return

    def close(self):
        self.file.close()
        self.socket.close()


def test_events_tell_of_ready_at_once_and_end(client, server):
    picture = png()
    permission = client.ask(picture).json
    events = Events(server, f"/v1/images/{permission['image_id']}/events", client.key)
    images = events.images()
    assert next(images)[1]["state"] == "pending"
    started = time.monotonic()
    client.send(permission["original"], picture)
    rest = list(images)
    states = [image["state"] for _, image in rest]
    assert states[-1] == "ready"
    assert all(rest[-1][1]["placeholder"][name] for name in ("thumbhash", "blurhash"))
    assert time.monotonic() - started < 15
    ids = [event_id for event_id, _ in rest]
    assert ids == sorted(ids)
    events.close()


def test_events_resume_after_the_last_id(client, server):
    live = Events(server, "/v1/events?owner=resume", client.key)
    client.upload(owner="resume")
    seen = []
    for event_id, image in live.images():
        seen.append(event_id)
        if image["state"] == "ready":
            break
    live.close()
    second = client.upload(owner="resume")
    again = Events(server, "/v1/events?owner=resume", client.key, {"Last-Event-ID": str(seen[-1])})
    for event_id, image in again.images():
        assert event_id > seen[-1]
        assert image["image_id"] == second["image_id"]
        if image["state"] == "ready":
            break
    again.close()


def test_a_server_with_open_streams_stops_at_once(tmp_path):
    with PixgateServer() as server:
        streams = [Events(server, "/v1/events", server.keys["server"]) for _ in range(20)]
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 8
        for stream in streams:
            stream.close()
