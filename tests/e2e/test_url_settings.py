"""Settings about URLs of pictures, from a file to what the edge answers: one server, started anew with each of them."""
import hashlib
import hmac
import struct
import time
import urllib.parse

import pytest
from attacker import ask, base64url, call, png, upload
from pixgate_server import PixgateServer

POLICIES = """
[[policies]]
name = "private"
visibility = "private"
"""
PICTURE = png(1200, 800)
SECRETS = {"old": "the-old-secret-of-32-bytes-or-more!", "new": "the-new-secret-of-32-bytes-or-more!"}
IMGPROXY_KEY, IMGPROXY_SALT = bytes(range(32)), b"salt"


def mac(secret, text):
    return base64url(hmac.new(secret, text, hashlib.sha256).digest())


def signing_keys(*ids):
    return "".join(f'[[edge.signing_keys]]\nid = "{one}"\nsecret = "{SECRETS[one]}"\n' for one in ids)


def size_of(answer):
    assert answer.status == 200, answer
    assert answer.body[:8] == b"\x89PNG\r\n\x1a\n", answer.body[:32]
    return struct.unpack(">II", answer.body[16:24])


class Edge:
    def __init__(self, folder):
        self.config = folder / "pixgate.toml"
        self.config.write_text(POLICIES)
        self.server = PixgateServer("--config", str(self.config))

    def restart(self, settings):
        self.server.stop()
        self.config.write_text(settings + POLICIES)
        self.server.start()

    def get(self, path, **fields):
        return ask(self.server.api_url + path, headers=[(name.replace("_", "-"), value) for name, value in fields.items()])

    def see(self, options, **fields):
        return self.get(f"/i/{self.public}/{options}", **fields)

    def links(self, image_id, **asked):
        answer = call(self.server, "POST", f"/v1/images/{image_id}/links", asked)
        assert answer.status == 200, answer
        return answer.json()

    def link(self, image_id, transform, **more):
        """Path and query; the port is another after each start."""
        return self.here(self.links(image_id, transforms=[transform], **more)["links"][0]["url"])

    @staticmethod
    def here(url):
        parts = urllib.parse.urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def signed(self, path, kid="old"):
        exp = int(time.time()) + 600
        sig = mac(SECRETS[kid].encode(), f"{path}\n{exp}\n{kid}".encode())
        return f"{path}?exp={exp}&kid={kid}&sig={sig}"


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    world = Edge(tmp_path_factory.mktemp("settings"))
    with world.server:
        world.public = upload(world.server, PICTURE)["image_id"]
        world.private = upload(world.server, PICTURE, policy="private")["image_id"]
        yield world


def test_presets_only_closes_the_list(edge):
    edge.restart("[edge]\npresets_only = true\n")
    assert edge.see("w640").status == 200
    assert edge.see("w=640").status == 200  # means the preset
    assert edge.see("w=384").status == 403
    edge.restart("")
    assert edge.see("w=384").status == 200


def test_snap_widths_raises_to_the_list(edge):
    edge.restart("[edge]\nsnap_widths = true\n")
    assert size_of(edge.see("w=301,f=png"))[0] == 320
    assert edge.see("w=2049").status == 403
    edge.restart("")
    assert edge.see("w=301,f=png").status == 403


def test_unsigned_transforms_open_everything(edge):
    edge.restart("[edge]\nunsigned_transforms = true\n")
    assert size_of(edge.see("w=301,h=99,fit=squeeze,blur=2,f=png")) == (301, 99)
    assert edge.get(f"/i/{edge.private}/w=301").status == 404


def test_auto_formats_are_those_that_are_named(edge):
    edge.restart('[edge]\nauto_formats = ["avif"]\n')
    for accept, wanted in {"image/avif,image/webp": "image/avif", "image/webp": "image/jpeg", "image/avif;Q=0": "image/jpeg"}.items():
        answer = edge.see("w=160", Accept=accept)
        assert (answer.status, answer.get("Content-Type"), answer.get("Vary")) == (200, wanted, "Accept")


def test_client_hints_choose_the_width(edge):
    edge.restart("[edge]\nclient_hints = true\n")
    hinted = edge.see("w=auto,f=png", Sec_CH_Width="500")
    assert (size_of(hinted)[0], hinted.get("Vary")) == (640, "Sec-CH-Width")
    assert size_of(edge.see("w=auto,f=png"))[0] == 960
    dense = edge.see("w=160,dpr=auto,f=png", Sec_CH_DPR="1.8")
    assert (size_of(dense)[0], dense.get("Vary")) == (320, "Sec-CH-DPR")
    assert edge.see("w=auto", Sec_CH_Width="500").get("Vary") == "Sec-CH-Width, Accept"
    edge.restart("")
    assert edge.see("w=auto", Sec_CH_Width="500").status == 400


def test_endless_signatures_hold_as_long_as_they_are_on(edge):
    edge.restart("[edge]\nendless_signatures = true\n" + signing_keys("old"))
    url = edge.link(edge.private, "w=301", never_expires=True)
    assert "exp=" not in url
    assert edge.get(url).status == 200
    edge.restart(signing_keys("old"))
    assert edge.get(url).status == 403
    asked = call(edge.server, "POST", f"/v1/images/{edge.private}/links", {"transforms": ["w640"], "never_expires": True})
    assert asked.status in (400, 403), asked


def test_links_of_one_window_are_one_url(edge):
    edge.restart("[edge]\nsigned_url_window_seconds = 86400\n" + signing_keys("old"))
    urls = [edge.link(edge.private, "w640") for _ in range(3)]
    assert urls[0] == urls[1] or urls[1] == urls[2]  # a day may end once in between
    exp = int(urllib.parse.parse_qs(urls[0].partition("?")[2])["exp"][0])
    assert exp % 86_400 == 0 and exp > time.time()
    assert edge.get(urls[2]).status == 200


def test_imgproxy_urls_are_signed_with_their_keys(edge):
    settings = f"""[edge]
dialects = ["imgproxy"]
imgproxy_keys = ["{bytes(32).hex()}", "{IMGPROXY_KEY.hex()}"]
imgproxy_salts = ["00", "{IMGPROXY_SALT.hex()}"]
"""
    edge.restart(settings)

    def see(path, key=IMGPROXY_KEY):
        return edge.get(f"/imgproxy/{mac(key, IMGPROXY_SALT + path.encode())}{path}")

    public, private = f"/w:301/plain/{edge.public}@png", f"/w:301/plain/{edge.private}@png"
    assert size_of(see(public))[0] == 301
    assert see(public, b"x" * 32).status == 403
    assert edge.get("/imgproxy/insecure" + public).status == 403
    assert size_of(edge.get(f"/imgproxy/insecure/pr:w320/plain/{edge.public}@png"))[0] == 320
    assert see(f"/exp:{int(time.time()) + 600}{private}").status == 200
    assert see(f"/exp:{int(time.time()) - 600}{private}").status == 404
    assert see(private).status == 404
    edge.restart(settings + "endless_signatures = true\n")
    assert see(private).status == 200


def test_signing_keys_are_rotated_by_restarts(edge):
    edge.restart(signing_keys("old"))
    url = edge.link(edge.private, "w640")
    assert "kid=old" in url
    edge.restart(signing_keys("new", "old"))
    assert edge.get(url).status == 200
    assert "kid=new" in edge.link(edge.private, "w640")
    edge.restart(signing_keys("new"))
    assert edge.get(url).status == 403
    assert edge.get(edge.link(edge.private, "w640")).status == 200


def test_the_watermark_of_the_file_is_laid_over_pictures(edge, tmp_path):
    mark = tmp_path / "mark.png"
    mark.write_bytes(png(40, 40, colour=(0, 0, 255)))
    edge.restart(f'[imaging]\nwatermark_file = "{mark}"\n' + signing_keys("old"))
    marked = edge.get(edge.signed(f"/i/{edge.public}/w=320,watermark=top-left:50:100,f=png"))
    plain = edge.see("w=320,f=png")
    assert size_of(marked) == size_of(plain)
    assert marked.body != plain.body
    edge.restart(signing_keys("old"))
    refused = edge.get(edge.signed(f"/i/{edge.public}/w=320,watermark=top-left:50:99,f=png"))
    assert refused.status == 400 and b"watermark" in refused.body


def test_without_arbitrary_sizes_no_signature_opens_one(edge):
    path = f"/i/{edge.public}/w=301"
    edge.restart(signing_keys("old"))
    assert edge.get(edge.signed(path)).status == 200
    edge.restart("[edge]\narbitrary_sizes = false\n" + signing_keys("old"))
    assert edge.get(edge.signed(path)).status == 403
    assert edge.get(edge.signed(f"/i/{edge.public}/w=384")).status == 200
