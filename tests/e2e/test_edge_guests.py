"""Several edge processes on the data directory of one whole Pixgate: they serve what it stores, make a size once between them,
hear of deletions, and live through each other's ends."""
import concurrent.futures
import subprocess
import time

import pytest
from attacker import ask, call, link, metric, png, upload, wait_for
from pixgate_server import PixgateServer
from shared import binary

# Costs about a second: a PNG has to be read whole, and with this policy nothing was made of it at upload.
LARGE = png(4_000, 4_000)
CONFIG = """
[sandbox]
max_wall_milliseconds = 60000
[[policies]]
name = "unprepared"
verify = "header"
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "pixgate.toml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture(scope="module")
def server(config):
    with PixgateServer("--config", config) as running:
        yield running


def guest_of(server, config):
    return PixgateServer("--config", config, "--roles", "edge", data_dir=str(server.data_dir))


@pytest.fixture(scope="module")
def guests(server, config):
    with guest_of(server, config) as one, guest_of(server, config) as other:
        yield [one, other]


def path_of(server, image_id, transform):
    return link(server, image_id, transform).removeprefix(server.api_url)


def made(servers):
    return sum(metric(one, "pixgate_edge_made_total") for one in servers)


def test_a_size_is_made_once_by_all_of_them(server, guests):
    image_id = upload(server, LARGE, policy="unprepared")["image_id"]
    path = path_of(server, image_id, "w=1000,f=webp")
    everyone = [server, *guests]
    before = made(everyone)
    with concurrent.futures.ThreadPoolExecutor(3 * len(everyone)) as pool:
        answers = list(pool.map(lambda i: ask(everyone[i % 3].api_url + path), range(3 * len(everyone))))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert made(everyone) - before == 1


def test_without_leases_they_repeat_it_and_say_so(config, tmp_path):
    (tmp_path / "leases").mkdir()
    with PixgateServer("--config", config, data_dir=str(tmp_path)) as server, guest_of(server, config) as guest:
        assert "no leases between processes" in server.log_tail()
        image_id = upload(server, LARGE, policy="unprepared")["image_id"]
        path = path_of(server, image_id, "w=1000,f=webp")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: ask(one.api_url + path), [server, guest]))
        assert [answer.status for answer in answers] == [200, 200]
        assert made([server, guest]) == 2


def test_what_is_deleted_is_gone_everywhere(server, guests):
    image_id = upload(server, png())["image_id"]
    path = path_of(server, image_id, "w=40,f=png")
    for one in guests:
        assert ask(one.api_url + path).status == 200
        assert ask(one.api_url + path).get("Cache-Status").startswith("pixgate; hit")
    assert call(server, "DELETE", f"/v1/images/{image_id}").status == 204
    for one in guests:
        wait_for(lambda one=one: ask(one.api_url + path).status == 404, "gone from a guest", 3)


def test_they_serve_pictures_and_nothing_else(server, guests):
    for one in guests:
        assert ask(one.api_url + "/healthz").status == 200
        assert ask(one.api_url + "/readyz").status == 200
        assert b"pixgate_edge_made_total" in ask(one.api_url + "/metrics").body
        for path in ("/", "/v1/images", "/openapi.yaml"):
            assert call(server, "GET", path).status == 200
            assert ask(one.api_url + path).status == 404, path


def test_they_outlive_the_process_they_are_beside_and_it_begins_again_beside_them(config):
    with PixgateServer("--config", config) as server, guest_of(server, config) as guest:
        image_id = upload(server, png())["image_id"]
        paths = [path_of(server, image_id, f"w={width},f=png") for width in (30, 31, 32)]
        assert ask(guest.api_url + paths[0]).status == 200
        server.kill()
        assert ask(guest.api_url + paths[0]).status == 200
        assert ask(guest.api_url + paths[1]).status == 200, "made and kept without it"
        server.start()
        assert ask(server.api_url + paths[1]).status == 200
        assert metric(server, "pixgate_edge_made_total") == 0, "it found what the guest had kept"
        assert ask(guest.api_url + paths[2]).status == 200
        guest.kill()
        assert upload(server, png(20, 20))["state"] == "ready"
        guest.start()
        assert ask(guest.api_url + paths[2]).status == 200


def test_uploads_go_on_while_guests_keep_variants(config):
    """Two processes write to one database: neither may refuse the other's work."""
    with PixgateServer("--config", config) as server, guest_of(server, config) as guest:
        image_id = upload(server, png(600, 400))["image_id"]
        paths = [path_of(server, image_id, f"w={width},f=png") for width in range(100, 160)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            pictures = [pool.submit(ask, guest.api_url + path) for path in paths]
            uploads = [pool.submit(upload, server, png(30 + i, 30)) for i in range(60)]
            assert {one.result().status for one in pictures} == {200}
            assert {one.result()["state"] for one in uploads} == {"ready"}
        wait_for(lambda: metric(guest, "pixgate_edge_made_total") == len(paths), "all were made by the guest")
        assert "not kept" not in guest.log_tail()


def test_alone_on_an_empty_directory_it_says_what_to_start_first(tmp_path):
    command = [str(binary()), "serve", "--roles", "edge", "--data-dir", str(tmp_path / "nothing"), "--listen", "127.0.0.1:0"]
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and time.monotonic() - begun < 10
    assert "start that one on this data_dir first" in done.stderr, done.stderr
    assert not (tmp_path / "nothing").exists()


def test_a_second_whole_pixgate_is_still_refused(server):
    command = [str(binary()), "serve", "--data-dir", str(server.data_dir), "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and f"in use by process {server.process.pid}" in done.stderr, done.stderr
