"""A client of the API for end-to-end tests: every answer is held against docs/api/openapi.yaml."""
import json
import os
import struct
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

from openapi import OpenApi


def png(width=64, height=48):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + os.urandom(3 * width) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Answer:
    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw
        self.json = json.loads(raw) if raw and "json" in headers.get("Content-Type", "") else None


class Client:
    """Calls the API; every answer is held against the document."""
    document = OpenApi()

    def __init__(self, server, key):
        self.server, self.key = server, key

    def call(self, method, target, body=None, headers=None, is_described=True):
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(self.server.api_url + target, data=data, method=method, headers=headers or {})
        if self.key:
            request.add_header("Authorization", "Bearer " + self.key)
        if data is not None and not request.has_header("Content-type"):
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                answer = Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, error.headers, error.read())
        if is_described:
            path = urllib.parse.urlsplit(target).path
            self.document.check_answer(method, path, answer.status, answer.headers.get("Content-Type", ""), answer.json)
        return answer

    def ask(self, picture, **more):
        body = {"filename": "a.png", "content_type": "image/png", "size_bytes": len(picture), **more}
        return self.call("POST", "/v1/uploads", body)

    def send(self, permission, picture):
        request = urllib.request.Request(permission["url"], data=picture, method=permission["method"])
        for name, value in permission["headers"].items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status

    def upload(self, picture=None, **more):
        picture = picture or png()
        asked = self.ask(picture, **more)
        assert asked.status == 201, asked.raw
        self.send(asked.json["original"], picture)
        return self.until_final(asked.json["image_id"])

    def until_final(self, image_id):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            image = self.call("GET", f"/v1/images/{image_id}").json
            if image["state"] not in ("pending", "stored"):
                return image
            time.sleep(0.02)
        raise AssertionError("the image did not become final")
