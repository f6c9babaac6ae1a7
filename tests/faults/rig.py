"""The fault rig: uploads against a real pixgate that is killed, cut from power or starved of disk, beside a model of
what was acknowledged. After each fault the server is started again and held against the model.

What must hold (P1, P2, P4): every PUT answered 200 is there, byte for byte, and its image becomes ready; an object whose
PUT was not answered is either whole or absent; no image has two rows or two "ready" entries in its history.
"""

import base64
import hashlib
import http.client
import json
import os
import random
import signal
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("PIXGATE_BINARY", ROOT / "build" / "dev" / "pixgate"))
PRESET = "thumb"  # one is enough to see that no image is ready without its presets, and is made in milliseconds


def make_png(rng: random.Random, size_bytes: int) -> bytes:
    """A valid grey PNG of about size_bytes: noise does not compress, so each picture is its own."""
    side = max(8, int(size_bytes**0.5))
    rows = b"".join(b"\0" + rng.randbytes(side) for _ in range(side))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Gone(Exception):
    """The server does not answer: it was killed, or is about to be."""


class Server:
    """One run of pixgate on a data directory."""

    def __init__(self, data_dir: Path, failpoints: str = "", env: dict | None = None, args: tuple = ()):
        self.data_dir = data_dir
        # Not beside the data: that disk may fill or lose its power.
        self.files = tempfile.TemporaryDirectory(prefix="pixgate-rig-")
        self.ready_file = Path(self.files.name) / "ready.json"
        self.log_path = Path(self.files.name) / "log"
        full_env = dict(os.environ, PIXGATE_FAILPOINTS=failpoints, **(env or {}))
        full_env.setdefault("PIXGATE_STORE_ACCESS_KEY", "FAULTRIGACCESSKEY000")
        full_env.setdefault("PIXGATE_STORE_SECRET_KEY", "fault-rig-secret-key-0123456789abcdef0123")
        full_env.setdefault("PIXGATE_POLICY_PRESETS", PRESET)
        full_env.setdefault("PIXGATE_API_SERVER_REQUESTS_PER_SECOND", "1000000")
        full_env.setdefault("PIXGATE_API_SERVER_REQUEST_BURST", "1000000")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "serve", "--data-dir", str(data_dir), "--listen", "127.0.0.1:0",
                 "--store-listen", "127.0.0.1:0", "--ready-file", str(self.ready_file), *args],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=full_env,
            )
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.ready_file.exists():
                info = json.loads(self.ready_file.read_text())
                self.api = urllib.parse.urlsplit(info["api_url"])
                self.store = urllib.parse.urlsplit(info["store_url"])
                self.keys = info["keys"]
                return
            if self.process.poll() is not None:
                raise Gone(f"exit {self.process.returncode} before ready: {self.log_tail()}")
            time.sleep(0.01)
        self.kill()
        raise AssertionError(f"not ready in 30 s: {self.log_tail()}")

    def log_tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        # The sandbox goes a moment after its parent, and its mount namespace keeps a file system busy until then.
        children = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 10, "children gone")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def died(self) -> bool:
        return self.process.poll() is not None

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None,
             key: str = "server", timeout: float = 30) -> tuple[int, bytes]:
        fields = {"Authorization": f"Bearer {self.keys[key]}", **(headers or {})}
        return self._request(self.api, method, path, body, fields, timeout)

    def json(self, method: str, path: str, body=None, **kwargs):
        data = None if body is None else json.dumps(body).encode()
        status, answer = self.call(method, path, data, {"Content-Type": "application/json"}, **kwargs)
        return status, json.loads(answer) if answer else None

    def send(self, presigned: dict, body: bytes, timeout: float = 30) -> int:
        url = urllib.parse.urlsplit(presigned["url"])
        status, _ = self._request(url, presigned["method"], f"{url.path}?{url.query}", body, presigned["headers"], timeout)
        return status

    @staticmethod
    def _request(url, method, path, body, headers, timeout) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as e:
            raise Gone(str(e)) from e
        finally:
            connection.close()


def descendants(pid: int) -> list[int]:
    out = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(c) for c in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            out += [child, *descendants(child)]
    return out


@dataclass
class Upload:
    image_id: str
    sha256: str
    size: int
    acknowledged: bool = False


@dataclass
class Model:
    """What the senders know. Only they write it."""

    uploads: dict[str, Upload] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    # Set right before the power is cut. Nobody hears an answer after that moment, but a simulated cut leaves the server
    # running for some milliseconds, and an fsync that was under way in them may return 0 for what is not on the disk.
    is_power_cut: threading.Event = field(default_factory=threading.Event)
    on_acknowledged: Callable[[], None] = lambda: None

    def acknowledged(self) -> list[Upload]:
        return [u for u in self.uploads.values() if u.acknowledged]


def upload_one(server: Server, model: Model, picture: bytes) -> Upload | None:
    """Ask, send, note what was answered. None where the answer was a refusal."""
    status, permission = server.json("POST", "/v1/uploads", {
        "filename": "fault.png", "content_type": "image/png", "size_bytes": len(picture),
        "checksum_sha256": base64.b64encode(hashlib.sha256(picture).digest()).decode(),
    })
    if status != 201:
        return None
    upload = Upload(permission["image_id"], hashlib.sha256(picture).hexdigest(), len(picture))
    with model.lock:
        model.uploads[upload.image_id] = upload
    if server.send(permission["original"], picture) == 200 and not model.is_power_cut.is_set():
        upload.acknowledged = True
        model.on_acknowledged()
    return upload


def upload_until_gone(server: Server, model: Model, pictures: list[bytes], threads: int = 4, limit: int = 40) -> None:
    """Several senders at once, until the server dies or each has sent `limit` pictures."""

    def run(seed: int) -> None:
        rng = random.Random(seed)
        try:
            for _ in range(limit):
                if server.died():
                    return
                upload_one(server, model, rng.choice(pictures))
        except Gone:
            return

    workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def wait_for(condition, seconds: float = 30, what: str = "condition"):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def wait_until_worked_off(server: Server, model: Model, seconds: float = 30) -> None:
    """Until every acknowledged image is ready, or the server has died. AssertionError once none became ready for
    `seconds`: how long all of them take says something about the machine only."""
    waiting = {u.image_id for u in model.acknowledged()}
    deadline = time.monotonic() + seconds
    while waiting and not server.died():
        try:
            ready = {image_id for image_id in waiting if ready_image(server, image_id)}
        except Gone:
            continue
        waiting -= ready
        if ready:
            deadline = time.monotonic() + seconds
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(waiting)} acknowledged are not ready, and none became so in {seconds} s: {sorted(waiting)[:3]}")
        time.sleep(0.2)


def check_against_model(server: Server, model: Model, seconds: float = 30, are_ready: bool = True) -> dict:
    """Holds a freshly started server against the model; raises AssertionError with the first difference."""
    counts = {"acknowledged": 0, "lost": 0, "partial": 0, "doubled": 0}
    for upload in list(model.uploads.values()):
        body = read_original(server, upload.image_id)
        if upload.acknowledged:
            counts["acknowledged"] += 1
            if body is None:
                counts["lost"] += 1
                continue
        if body is not None and hashlib.sha256(body).hexdigest() != upload.sha256:
            counts["partial"] += 1
    assert counts["lost"] == 0, f"acknowledged uploads lost: {counts}"
    assert counts["partial"] == 0, f"objects with wrong or partial bytes: {counts}"
    if are_ready:
        wait_until_worked_off(server, model, seconds)
    for upload in model.acknowledged() if are_ready else ():
        image = ready_image(server, upload.image_id)
        assert image, f"{upload.image_id} is not ready any more"
        states = [entry["state"] for entry in image["history"]]
        assert states.count("ready") == 1, f"history of {upload.image_id}: {states}"
        assert image["original"]["sha256"] in (upload.sha256, ""), image["original"]
        status, body = server.call("GET", f"/i/{upload.image_id}/{PRESET}", headers={"Accept": "image/webp"})
        assert status == 200 and body, f"{PRESET} of {upload.image_id}: {status} {body[:200]!r}"
    ids = list_image_ids(server)
    assert len(ids) == len(set(ids)), "an image has two rows"
    return counts


def ready_image(server: Server, image_id: str):
    status, image = server.json("GET", f"/v1/images/{image_id}")
    assert status == 200, f"image row of a permission that was given is gone: {status}"
    assert image["state"] not in ("rejected", "quarantined", "failed"), image
    return image if image["state"] == "ready" else None


def list_image_ids(server: Server) -> list[str]:
    ids, cursor = [], ""
    while True:
        status, page = server.json("GET", f"/v1/images?limit=100&cursor={cursor}")
        assert status == 200, page
        ids += [image["image_id"] for image in page["images"]]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return ids


def read_original(server: Server, image_id: str) -> bytes | None:
    """The object's bytes through the store's own S3 API; None where there is none."""
    path = f"/pixgate-originals/{image_id}/original"
    headers = sign_get(server.store.netloc, path)
    status, body = Server._request(server.store, "GET", path, None, headers, 30)
    if status == 404:
        return None
    assert status == 200, f"GET {path}: {status} {body[:200]!r}"
    return body


def sign_get(host: str, path: str) -> dict:
    """SigV4 header signature of a GET without query, written apart from the product's own."""
    import hmac

    access = os.environ.get("PIXGATE_STORE_ACCESS_KEY", "FAULTRIGACCESSKEY000")
    secret = os.environ.get("PIXGATE_STORE_SECRET_KEY", "fault-rig-secret-key-0123456789abcdef0123")
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    empty = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n{path}\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{now}\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}"
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (now[:8], "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "Host": host, "x-amz-date": now, "x-amz-content-sha256": empty,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={access}/{scope}, "
                         f"SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}",
    }
