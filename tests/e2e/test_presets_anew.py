"""Presets made after the upload: anew at the policy's final effort, and those that older images lack after a start."""
import time
import urllib.request

from api_client import Client, png
from pixgate_server import PixgateServer


def wait_for(look, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (value := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return value


def delivered(server, image_id, preset):
    request = urllib.request.Request(f"{server.api_url}/i/{image_id}/{preset}", headers={"Accept": "image/webp"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read(), response.headers["Cache-Status"]


def preset_of(client, image_id, name):
    image = client.call("GET", f"/v1/images/{image_id}").json
    return next((v for v in image["variants"] if v["kind"] == "preset" and v["name"] == name), None)


def test_presets_are_made_anew_at_the_final_effort():
    env = {"PIXGATE_POLICY_PRESETS": "w320", "PIXGATE_POLICY_PRESET_EFFORT": "0", "PIXGATE_POLICY_PRESET_FINAL_EFFORT": "6"}
    with PixgateServer(env=env) as server:
        client = Client(server, server.keys["server"])
        image = client.upload(png(640, 480))
        first, _ = delivered(server, image["image_id"], "w320")

        def made_anew():
            text = urllib.request.urlopen(server.api_url + "/metrics", timeout=20).read().decode()
            return 'pixgate_presets_anew_total{result="done"} 1' in text

        wait_for(made_anew, "presets anew")
        again, _ = delivered(server, image["image_id"], "w320")
        assert again != first and again[8:12] == b"WEBP"
        assert preset_of(client, image["image_id"], "w320")["size_bytes"] == len(again)
        assert client.call("GET", f"/v1/images/{image['image_id']}").json["state"] == "ready"


def test_after_a_start_older_images_get_what_their_policy_gained(tmp_path):
    with PixgateServer(env={"PIXGATE_POLICY_PRESETS": "thumb"}, data_dir=str(tmp_path / "data")) as server:
        image_id = Client(server, server.keys["server"]).upload(png(640, 480))["image_id"]
    with PixgateServer(env={"PIXGATE_POLICY_PRESETS": "thumb,w320"}, data_dir=str(tmp_path / "data")) as server:
        client = Client(server, server.keys["server"])
        wait_for(lambda: preset_of(client, image_id, "w320"), "the preset")
        assert "bucket" in delivered(server, image_id, "w320")[1]
