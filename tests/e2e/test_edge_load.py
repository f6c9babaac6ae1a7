"""The edge under load, with broken parts and behind other caches (G 106-116, F 7, 10, 40)."""
import contextlib
import http.server
import re
import sqlite3
import struct
import threading
import zlib
from pathlib import Path

import pytest
from api_client import png as noise
from attacker import (
    ask, ask_at_once, assert_refused, call, link, metric, permission, png, rss_mib, send_upload, settled_traces, upload, wait_for,
)
from pixgate_server import PixgateServer

CONFIG = """
[[policies]]
name = "trusting"
verify = "header"
pending = "placeholder"
[[policies]]
name = "private"
visibility = "private"
"""
PNG = png(600, 400)


def started(tmp_path_factory, text="", **more):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(text + CONFIG)
    return PixgateServer("--config", str(config), **more)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with started(tmp_path_factory) as running:
        yield running


@pytest.fixture(scope="module")
def public(server):
    return upload(server, PNG)["image_id"]


def see(server, image_id, options, headers=(), method="GET"):
    return ask(f"{server.api_url}/i/{image_id}/{options}", method, headers=headers)


def broken_png():
    """A good header over pixels that are none."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 400, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b"no pixels" * 50) + chunk(b"IEND", b"")


def test_f40_a_poison_url_is_tried_twice_a_minute_at_most(server):
    poison = upload(server, broken_png(), policy="trusting")["image_id"]
    before = metric(server, "pixgate_sandbox_jobs_total")
    answers = ask_at_once(server.api_url, f"/i/{poison}/w=320,f=jpeg", 500)
    for _ in range(200):
        answer = see(server, poison, "w=320,f=jpeg")
        assert_refused(answer, 422)
        assert answer.get("Cache-Control") == "no-store"
    assert {answer.split(b"\r\n", 1)[0] for answer in answers} == {b"HTTP/1.1 422 Unprocessable Content"}
    assert metric(server, "pixgate_sandbox_jobs_total") - before <= 2


def test_g106_a_head_or_a_range_first_leaves_the_whole_picture(server):
    image_id = upload(server, PNG)["image_id"]
    for first in ({"method": "HEAD"}, {"headers": [("Range", "bytes=0-9")]}, {"headers": [("If-None-Match", "*")]}):
        answer = see(server, image_id, "w=128,f=jpeg", **first)
        assert answer.status in (200, 206, 304) and "pixgate" in answer.get("Cache-Status")
    whole = see(server, image_id, "w=128,f=jpeg")
    assert whole.status == 200 and whole.body.endswith(b"\xff\xd9") and "hit" in whole.get("Cache-Status")


def test_g106_every_answer_says_what_the_cache_did(server, public):
    made = see(server, public, "w=96,f=jpeg")
    assert made.get("Cache-Status") == "pixgate; fwd=uri-miss; stored; detail=made"
    assert see(server, public, "w=96,f=jpeg").get("Cache-Status") == "pixgate; hit; ttl=86400"
    for options in ("w=x", "w=301", "thumb?sig=x"):
        answer = see(server, public, options)
        assert answer.status >= 400 and answer.get("Cache-Status") == "pixgate; fwd=bypass"


def test_g110_a_client_pays_in_pixels(tmp_path_factory):
    text = "[edge]\npixels_per_second_per_client = 100000\n"
    with started(tmp_path_factory, text) as server:
        image_id = upload(server, png(2_000, 1_500))["image_id"]
        statuses = []
        for width in range(301, 320):
            answer = ask(link(server, image_id, f"w={width},f=jpeg"))
            statuses.append(answer.status)
            if answer.status == 429:
                assert_refused(answer, 429)
                assert 1 <= int(answer.get("Retry-After")) <= 60
        assert statuses[0] == 200 and statuses[-1] == 429, statuses
        assert ask(link(server, image_id, "w=301,f=jpeg")).status == 200, "what is made is free"
        assert ask(f"{server.api_url}/v1/images/{image_id}", headers=[("Authorization", f"Bearer {server.keys['server']}")]).status == 200


def test_g111_unique_urls_do_not_grow_the_cache(tmp_path_factory):
    limit = 8 << 20
    with started(tmp_path_factory, f"[edge]\nmemory_cache_bytes = {limit}\n") as server:
        images = [upload(server, noise(600, 400), policy="trusting")["image_id"] for _ in range(8)]  # the cache is divided by image

        def fetch(widths):
            n_bytes = 0
            for image_id in images:
                wanted = {"transforms": [f"w={width},f=png" for width in widths]}
                for signed in call(server, "POST", f"/v1/images/{image_id}/links", wanted).json()["links"]:
                    answer = ask(signed["url"])
                    assert answer.status == 200, answer
                    n_bytes += len(answer.body)
            return n_bytes

        fetch(range(260, 265))
        before = rss_mib(server.process.pid)
        n_bytes = fetch(range(265, 290))
        assert n_bytes > 3 * limit, "too little to fill it"
        assert metric(server, "pixgate_edge_cache_bytes") <= limit
        assert metric(server, "pixgate_edge_cache_evictions_total") > 0
        grown = rss_mib(server.process.pid) - before
        assert grown < n_bytes / 2**20 / 2, f"grown by {grown:.0f} MiB"


@pytest.mark.parametrize("method", ["PURGE", "BAN", "DELETE", "PUT", "POST", "PATCH"])
def test_g112_nobody_purges_by_the_picture_path(server, public, method):
    for path in (f"/i/{public}/w=320", f"/i/{public}/*", "/i/*", "/i/*/*", "/*"):
        assert_refused(ask(server.api_url + path, method), 400, 404, 405, 501)
    assert_refused(ask(f"{server.api_url}/v1/images/{public}", "DELETE"), 401)
    assert_refused(call(server, "DELETE", "/v1/images/*"), 400, 404)
    assert see(server, public, "w=320,f=jpeg").status == 200


@contextlib.contextmanager
def cache_in_front():
    """A cache that takes purges; gives its address and what it was told."""
    told = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PURGE(self):
            told.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as mock:
        threading.Thread(target=mock.serve_forever, daemon=True).start()
        yield mock.server_address[1], told
        mock.shutdown()


def objects_of(server, image_id):
    with contextlib.closing(sqlite3.connect(f"file:{server.data_dir}/pixgate.db?mode=ro", uri=True, timeout=10)) as db:
        return db.execute("SELECT key, file FROM objects WHERE key LIKE ?", (image_id + "/%",)).fetchall()


def test_g113_a_deleted_picture_is_gone_here_in_the_store_and_in_front(tmp_path_factory):
    with cache_in_front() as (port, told):
        text = f'[purge]\nhttp_urls = ["http://127.0.0.1:{port}/i/{{id}}/"]\n'
        with started(tmp_path_factory, text) as server:
            image_id = upload(server, PNG)["image_id"]
            kept = upload(server, PNG)["image_id"]
            for options in ("thumb", "w=320,f=jpeg", "w=640,f=webp"):
                assert see(server, image_id, options).status == 200
            settled_traces(server)
            list_of = server.boto3_client().list_objects_v2
            assert list_of(Bucket="pixgate-variants", Prefix=image_id)["KeyCount"] > 3
            assert call(server, "DELETE", f"/v1/images/{image_id}").status == 204
            for options in ("thumb", "w=320,f=jpeg", "w=640,f=webp"):
                assert_refused(see(server, image_id, options), 404)
            assert list_of(Bucket="pixgate-variants", Prefix=image_id)["KeyCount"] == 0
            # Within two rounds of a second: one finds the deletion, one tells it.
            wait_for(lambda: told == [f"/i/{image_id}/"], "the cache in front was told", 3)
            assert objects_of(server, image_id) == [] and objects_of(server, kept)


def test_g113_a_purge_survives_a_restart(tmp_path_factory, tmp_path):
    with cache_in_front() as (port, _):
        pass
    text = '[purge]\nhttp_urls = ["http://127.0.0.1:%d/i/{id}/"]\n'
    data = str(tmp_path / "data")
    with started(tmp_path_factory, text % port, data_dir=data) as server:
        image_id = upload(server, PNG)["image_id"]
        assert call(server, "DELETE", f"/v1/images/{image_id}").status == 204
        wait_for(lambda: metric(server, "pixgate_purge_failures_total") > 0, "a purge failed", 10)
        server.kill()
    with cache_in_front() as (port, told):
        with started(tmp_path_factory, text % port, data_dir=data):
            wait_for(lambda: told == [f"/i/{image_id}/"], "the cache in front was told", 10)


def test_g114_a_signature_goes_no_further(tmp_path_factory):
    with started(tmp_path_factory, '[log]\nlevel = "debug"\n') as server:
        image_id = upload(server, PNG, policy="private")["image_id"]
        url = link(server, image_id, "w=320")
        answer = ask(url)
        assert answer.status == 200 and answer.get("Referrer-Policy") == "no-referrer"
        assert answer.get("Cache-Control") == "private, max-age=300"
        wait_for(lambda: f"/i/{image_id}/w=320" in Path(server.log_path).read_text(), "the request is in the log")
        signature = re.search(r"sig=([^&]+)", url).group(1)
        assert signature not in Path(server.log_path).read_text() and signature not in repr(answer.fields)


@pytest.mark.parametrize("field", [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")])
def test_g115_nothing_is_made_of_the_host_that_was_sent(server, public, field):
    for path in (f"/i/{public}/w=320,f=jpeg", f"/i/{public}", f"/i/{public}/", f"/i/{public}/w=x"):
        answer = ask(server.api_url + path, headers=[field])
        assert answer.status not in (301, 302, 303, 307, 308) and answer.get("Location") is None
        assert b"evil.example" not in answer.body and "evil.example" not in repr(answer.fields)


def test_a_picture_on_its_way_is_said_to_be_and_kept_by_nobody(server):
    given = permission(server, PNG)
    answer = see(server, given["image_id"], "w=320")
    assert answer.status == 202 and answer.get("Retry-After") and answer.get("Cache-Control") == "no-store"
    grey = see(server, permission(server, PNG, policy="trusting")["image_id"], "w=320,h=160,fit=cover")
    assert grey.status == 200 and grey.get("Content-Type") == "image/svg+xml" and grey.get("Cache-Control") == "no-store"
    assert b'width="320" height="160"' in grey.body
    assert send_upload(given["original"], PNG).status == 200
    wait_for(lambda: see(server, given["image_id"], "w=320").status == 200, "the picture is served")


def test_f7_f10_a_damaged_variant_in_the_store_is_made_again(tmp_path_factory, tmp_path):
    data = str(tmp_path / "data")
    with started(tmp_path_factory, data_dir=data) as server:
        image_id = upload(server, PNG)["image_id"]
        good = see(server, image_id, "w=480,f=png").body
        settled_traces(server)
        variants = [file for key, file in objects_of(server, image_id) if "/w=480" in key]
        assert len(variants) == 1
    for damage in (lambda b: b[: len(b) // 2], lambda b: b[:200] + bytes([b[200] ^ 1]) + b[201:], lambda b: b""):
        with started(tmp_path_factory, data_dir=data) as server:
            [name] = [file for key, file in objects_of(server, image_id) if "/w=480" in key]
            [path] = [p for p in Path(data, "objects").rglob("*") if p.name == Path(name).name]
            path.chmod(0o600)
            path.write_bytes(damage(path.read_bytes()))
            again = see(server, image_id, "w=480,f=png")
            assert again.status == 200 and again.body == good and "made" in again.get("Cache-Status")
            settled_traces(server)
