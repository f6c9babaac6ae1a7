"""Presets of the operator and `pixgate variants regenerate`, from the upload to the edge."""
import os
import subprocess
import urllib.request

import pytest
from api_client import Client, png
from pixgate_server import PixgateServer
from shared import binary
from terminal import on_a_terminal

CONFIG = """
[policy]
allowed_types = ["image/png"]
presets = [{presets}]
[[presets]]
name = "hero"
transform = "w=40,f=jpeg"
[[presets]]
name = "thumb"
transform = "w={thumb_px},h={thumb_px},fit=cover"
"""


def configured(folder, presets='"hero", "thumb"', thumb_px=24):
    config = folder / "pixgate.toml"
    config.write_text(CONFIG.format(presets=presets, thumb_px=thumb_px))
    return config


@pytest.fixture()
def server(tmp_path):
    with PixgateServer("--config", str(configured(tmp_path))) as running:
        running.s3 = running.boto3_client()
        yield running


def admin(server):
    return Client(server, server.keys["admin"])


def environment(server):
    return {**os.environ, "PIXGATE_URL": server.api_url, "PIXGATE_KEY": server.keys["admin"]}


def regenerate(server, *args):
    return subprocess.run([str(binary()), "variants", "regenerate", *args], capture_output=True, text=True, timeout=60,
                          env=environment(server))


def watched(server, *args):
    code, seen = on_a_terminal([str(binary()), "variants", "regenerate", *args], environment(server))
    return code, seen.decode()


def keys_of(server, image_id):
    listed = server.s3.list_objects_v2(Bucket="pixgate-variants", Prefix=image_id)
    return [item["Key"] for item in listed.get("Contents", [])]


def lose(server, image_id, word):
    lost = [key for key in keys_of(server, image_id) if word in key]
    assert lost
    for key in lost:
        server.s3.delete_object(Bucket="pixgate-variants", Key=key)


def see(server, image_id, options):
    request = urllib.request.Request(f"{server.api_url}/i/{image_id}/{options}", headers={"Accept": "image/webp"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read(), response.headers["Cache-Status"]


def test_presets_of_the_operator_are_made_at_upload_and_found_by_the_edge(server):
    image = admin(server).upload()
    assert sorted(v["name"] for v in image["variants"] if v["kind"] == "preset") == ["hero", "thumb"]
    for name in ["hero", "thumb"]:
        body, status = see(server, image["image_id"], name)
        assert "detail=bucket" in status, (name, status)
    thumb = next(v for v in image["variants"] if v["name"] == "thumb")
    assert (thumb["width_px"], thumb["height_px"]) == (24, 24), "the operator's, not the built-in one"


def test_an_unknown_preset_of_a_policy_is_refused_at_the_start(tmp_path):
    config = configured(tmp_path, presets='"hero", "absent"')
    checked = subprocess.run([str(binary()), "config", "check", "--config", str(config)], capture_output=True, text=True,
                             timeout=30)
    assert checked.returncode == 2 and "there is no preset absent" in checked.stderr
    assert "hero" not in checked.stderr


def test_the_api_finds_what_was_lost_and_makes_it_again(server):
    client = admin(server)
    image_id = client.upload()["image_id"]
    path = f"/v1/images/{image_id}/presets"
    assert client.call("POST", path, {"presets": ["absent"]}).status == 400
    lose(server, image_id, "w=40")
    looked = client.call("POST", path, {"dry_run": True}).json
    assert looked["missing"] == ["hero image/jpeg"] and looked["made"] == []
    made = client.call("POST", path, {"presets": ["hero"]}).json["made"]
    assert [(m["name"], m["width_px"]) for m in made] == [("hero", 40)]
    assert "detail=bucket" in see(server, image_id, "hero")[1]
    lose(server, image_id, "rendition-")
    assert client.call("POST", path, {}).json["missing"] == ["renditions"]
    assert any("rendition-" in key for key in keys_of(server, image_id))
    forced = client.call("POST", path, {"force": True}).json
    assert forced["missing"] == [] and {m["kind"] for m in forced["made"]} == {"rendition", "preset"}


def test_regenerate_by_command_line(server):
    ids = [admin(server).upload()["image_id"] for _ in range(3)]
    for image_id in ids:
        lose(server, image_id, "w=24")
    dry = regenerate(server, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "3 images looked at, 3 lacked presets, 0 pictures made, 0 failed" in dry.stdout
    assert "0 images looked at" in regenerate(server, "--since", "2999-01-01").stdout
    code, seen = watched(server, "--since", "2020-01-01", "--preset", "thumb")
    assert code == 0 and "[" + 30 * "#" + "]" in seen
    assert "3 images looked at, 3 lacked presets, 3 pictures made, 0 failed" in seen
    code, seen = watched(server)
    assert code == 0 and "[" + 30 * "#" + "]" in seen, "without --since, too"
    assert "3 images looked at, 0 lacked presets" in seen


def test_regenerate_of_one_image_draws_no_bar(server):
    admin(server).upload()
    code, seen = watched(server)
    assert code == 0 and "1 looked at" in seen and "[#" not in seen and "[." not in seen


def test_regenerate_tells_which_image_fails_and_goes_on(server):
    ids = [admin(server).upload()["image_id"] for _ in range(2)]
    for image_id in ids:
        lose(server, image_id, "/")
    server.s3.delete_object(Bucket="pixgate-originals", Key=f"{ids[0]}/original")
    server.s3.put_object(Bucket="pixgate-originals", Key=f"{ids[0]}/other", Body=b"x")
    ended = regenerate(server)
    assert ended.returncode == 1
    assert ids[0] in ended.stderr and ids[1] not in ended.stderr
    assert "2 images looked at" in ended.stdout and "1 failed" in ended.stdout
