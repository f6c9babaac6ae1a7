"""A sandbox that does not hold: no start, or, where the operator said so, a start that everyone can see the hole of. The dev
build can leave the lockdown out by a failpoint."""
import json
import subprocess
import tempfile
import urllib.request

import pytest
from pixgate_server import PixgateServer
from shared import binary

OPEN = {"PIXGATE_FAILPOINTS": "sandbox.lockdown=skip"}


@pytest.fixture(scope="module", autouse=True)
def has_failpoints():
    if b"sandbox.lockdown" not in binary().read_bytes():
        pytest.skip("this build has no failpoints")


def test_without_the_lockdown_it_does_not_start():
    server = PixgateServer(env=OPEN)
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [str(binary()), "serve", "--data-dir", folder, "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"],
            env=server.env, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "does not hold on this machine" in run.stderr
    assert "open_socket" in run.stdout + run.stderr


def seen(server):
    with urllib.request.urlopen(server.api_url + "/readyz", timeout=20) as response:
        ready = json.load(response)
    with urllib.request.urlopen(server.api_url + "/metrics", timeout=20) as response:
        metrics = response.read().decode()
    return ready, [line for line in metrics.splitlines() if line.startswith("pixgate_sandbox_tight ")]


def test_where_that_is_allowed_everyone_can_see_it():
    with PixgateServer(env={**OPEN, "PIXGATE_SANDBOX_REQUIRED": "false"}) as server:
        assert seen(server) == ({"status": "ready", "sandbox": "not_tight"}, ["pixgate_sandbox_tight 0"])
    with PixgateServer() as server:
        assert seen(server) == ({"status": "ready"}, ["pixgate_sandbox_tight 1"])
