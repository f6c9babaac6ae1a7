"""Many at once who want what has to be made first (F 53, G 110): one computation, a line with an end, and nobody who hangs up
takes the others with him."""
import contextlib
import hashlib
import resource
import socket
import struct

import pytest
from attacker import (
    ask, ask_at_once, assert_refused, call, connect, descendants, link, metric, netloc, png, read_answers, upload, wait_for,
)
from pixgate_server import PixgateServer

WANTED = 5_000
SPARE_FILES = 300
# What is made of it costs seconds: a PNG has to be read whole, and with this policy nothing was made of it at upload.
LARGE = png(7_000, 7_000)
CONFIG = """
[edge]
max_running = 1
max_waiting = 2
[sandbox]
max_wall_milliseconds = 60000
[[policies]]
name = "unprepared"
verify = "header"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "pixgate.toml"
    config.write_text(CONFIG)
    with more_files(), PixgateServer("--config", str(config)) as running:
        yield running


@pytest.fixture(scope="module")
def large(server):
    return upload(server, LARGE, policy="unprepared")["image_id"]


@contextlib.contextmanager
def more_files():
    """As many open files as the machine lets this process and its children have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def at_once_here():
    count = min(WANTED, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES)
    if count < WANTED:
        print(f"only {count} of {WANTED} connections: this machine lets a process have no more files")
    return count


def path_of(server, image_id, transform):
    return link(server, image_id, transform).removeprefix(server.api_url)


def counters(server):
    names = ("pixgate_edge_made_total", "pixgate_sandbox_jobs_total", "pixgate_edge_collapsed_total", "pixgate_edge_variants_total")
    return {name.split("_", 2)[2]: metric(server, name) for name in names}


def test_f53_a_stampede_of_5000_on_a_cold_key_is_one_decode(server, large):
    count = at_once_here()
    before = counters(server)
    answers = ask_at_once(server.api_url, path_of(server, large, "w=1920,trim=10,f=webp"), count)
    grown = {name: value - before[name] for name, value in counters(server).items()}
    heads, bodies = zip(*(answer.split(b"\r\n\r\n", 1) for answer in answers))
    assert {head.split(b"\r\n")[0] for head in heads} == {b"HTTP/1.1 200 OK"}
    assert len({hashlib.sha256(body).digest() for body in bodies}) == 1 and bodies[0].startswith(b"RIFF")
    assert grown["made_total"] == grown["jobs_total"] == 1, grown
    # All but the first waited for it; who came too late for that was served from memory.
    assert count * 98 // 100 <= grown["collapsed_total"] <= count - 1, grown


def send_get(server, path):
    sock = connect(server.api_url, 60)
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {netloc(server.api_url)}\r\nConnection: close\r\n\r\n".encode())
    return sock


def test_f53_the_first_who_hangs_up_does_not_fail_those_who_wait(server, large):
    path = path_of(server, large, "w=1280,trim=10,f=webp")
    before = counters(server)
    at_rest = len(descendants(server.process.pid))
    first = send_get(server, path)
    wait_for(lambda: len(descendants(server.process.pid)) > at_rest, "the picture is being made")
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(contextlib.closing(send_get(server, path))) for _ in range(20)]
        wait_for(lambda: metric(server, "pixgate_edge_collapsed_total") == before["collapsed_total"] + 20, "all others wait")
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()  # by a reset
        answers = [read_answers(sock, 1)[0] for sock in others]
    assert [answer.status for answer in answers] == [200] * 20
    assert len({answer.body for answer in answers}) == 1
    assert metric(server, "pixgate_edge_made_total") == before["made_total"] + 1


def test_g110_a_full_line_is_said_to_be_full_and_empties(server, large):
    paths = [path_of(server, large, f"w={width},f=webp") for width in range(901, 909)]
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(contextlib.closing(send_get(server, path))) for path in paths]
        health = ask(server.api_url + "/healthz")
        owner = call(server, "GET", f"/v1/images/{large}")
        answers = [read_answers(sock, 1)[0] for sock in sockets]
    assert (health.status, owner.status) == (200, 200)
    refused = [answer for answer in answers if answer.status != 200]
    # One is made and two wait.
    assert len(answers) - len(refused) >= 1 and len(refused) >= len(paths) - 3, [answer.status for answer in answers]
    for answer in refused:
        assert_refused(answer, 503)
        assert 1 <= int(answer.get("Retry-After")) <= 60 and answer.get("Cache-Control") == "no-store"
        assert answer.json()["code"] in ("transform_queue_full", "transform_queue_slow"), answer
    for path in paths:
        assert ask(server.api_url + path).status == 200, "a refusal is kept by nobody"
