"""The command line of the real binary: pictures, keys, settings, and what it refuses."""
import json
import os
import subprocess

import pytest
from api_client import Client, png
from pixgate_server import PixgateServer
from shared import binary
from terminal import on_a_terminal


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        yield running


def run(server, *args, env=None, **more):
    return subprocess.run([str(binary()), *args], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PIXGATE_URL": server.api_url, "PIXGATE_KEY": server.keys["admin"], **(env or {})}, **more)


def test_command_line_uploads_lists_and_deletes(server, tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(png())
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 100)
    sent = run(server, "upload", str(good), str(bad), "--owner", "cli")
    assert sent.returncode == 1, sent.stderr
    assert "good.png: ready" in sent.stdout and "bad.png: rejected" in sent.stderr
    listed = run(server, "images", "list", "--owner", "cli", "--state", "ready").stdout.splitlines()
    assert len(listed) == 2 and "64x48" in listed[1]
    image_id = listed[1].split()[0]
    assert json.loads(run(server, "images", "show", image_id).stdout)["state"] == "ready"
    assert run(server, "images", "delete", image_id).returncode == 0
    assert run(server, "images", "show", image_id).returncode == 1
    assert run(server, "dead-letters", "list").returncode == 0
    assert run(server, "images", "list", env={"PIXGATE_KEY": "wrong"}).returncode == 1


def test_command_line_finds_the_key_in_the_data_directory(server):
    listed = run(server, "images", "list", "--data-dir", str(server.data_dir), env={"PIXGATE_KEY": ""})
    assert listed.returncode == 0, listed.stderr


def test_command_line_draws_a_bar_on_a_terminal(server, tmp_path):
    picture = tmp_path / "cat.png"
    picture.write_bytes(png(400, 300))
    code, seen = on_a_terminal([str(binary()), "upload", str(picture)], {
        **os.environ, "PIXGATE_URL": server.api_url, "PIXGATE_KEY": server.keys["server"]})
    assert code == 0
    assert b"[####" in seen and b"100%" in seen and b"ready" in seen


def test_first_start_secrets_are_private(server):
    secrets = server.data_dir / "secrets.json"
    assert secrets.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("flags", [["--listen", "0.0.0.0:0"], ["--store-listen", "0.0.0.0:0"]])
def test_it_refuses_to_be_reached_from_outside_without_secrets(tmp_path, flags):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIXGATE_")}
    ended = subprocess.run([str(binary()), "serve", "--data-dir", str(tmp_path / "d"), *flags], capture_output=True,
                           text=True, timeout=30, env=environment)
    assert ended.returncode == 2
    assert "can be reached from outside" in ended.stderr and "127.0.0.1" in ended.stderr


def test_config_check_tells_all_mistakes_and_hides_secrets(tmp_path):
    config = tmp_path / "p.toml"
    config.write_text("[api]\nlistne = 'x'\nmax_connections = 'y'\n[store]\naccess_key = 'a'\nsecret_key = 'hush-hush-hush'\n")
    checked = subprocess.run([str(binary()), "config", "check", "--config", str(config)], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 2
    assert f"{config}:2: unknown setting api.listne; did you mean api.listen?" in checked.stderr
    assert f"{config}:3: api.max_connections" in checked.stderr
    assert "hush" not in checked.stdout + checked.stderr and '"***"' in checked.stdout


def test_created_keys_work_once_configured(tmp_path):
    made = subprocess.run([str(binary()), "keys", "create", "--role", "client", "--owner", "zoe"], capture_output=True,
                          text=True, timeout=30, check=True).stdout
    key = next(word for word in made.split() if word.startswith("pk_client_"))
    config = tmp_path / "p.toml"
    config.write_text(made)
    assert key not in "".join(line for line in made.splitlines() if not line.startswith("#"))
    with PixgateServer("--config", str(config)) as server:
        asked = Client(server, key).ask(png())
        assert asked.status == 201
        assert Client(server, key).call("GET", f"/v1/images/{asked.json['image_id']}").json["owner"] == "zoe"
        assert Client(server, key).call("GET", "/v1/dead-letters").status == 403
