"""Tokens signed by OpenSSL's command line, with keys from PEM files and from a JWK set at a URL that changes."""
import base64
import http.server
import json
import shutil
import subprocess
import threading
import time

import pytest
from api_client import Client
from pixgate_server import PixgateServer

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")

KINDS = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "EdDSA": ["-algorithm", "ed25519"],
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_of_der(der):
    """r || s, 32 bytes each, of a DER-encoded ECDSA signature (all lengths are short ones for P-256)."""
    r_length = der[3]
    r, rest = der[4:4 + r_length], der[4 + r_length:]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, rest[2:]))


class Key:
    def __init__(self, folder, algorithm, kid):
        self.algorithm, self.kid = algorithm, kid
        self.path, self.pem = folder / f"{kid}.pem", folder / f"{kid}.pub.pem"
        self.openssl("genpkey", *KINDS[algorithm], "-out", str(self.path))
        self.openssl("pkey", "-in", str(self.path), "-pubout", "-out", str(self.pem))
        self.data = folder / f"{kid}.data"

    @staticmethod
    def openssl(*args):
        return subprocess.run(["openssl", *args], capture_output=True, check=True, timeout=60).stdout

    def sign(self, text):
        self.data.write_bytes(text.encode())
        if self.algorithm == "EdDSA":
            return self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self.path), "-in", str(self.data))
        signature = self.openssl("dgst", "-sha256", "-sign", str(self.path), str(self.data))
        return signature if self.algorithm == "RS256" else raw_of_der(signature)

    def jwk(self):
        der = self.openssl("pkey", "-pubin", "-in", str(self.pem), "-outform", "DER")
        common = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        if self.algorithm == "EdDSA":
            return {**common, "kty": "OKP", "crv": "Ed25519", "x": b64(der[-32:])}
        if self.algorithm == "ES256":
            return {**common, "kty": "EC", "crv": "P-256", "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        modulus = self.openssl("rsa", "-pubin", "-in", str(self.pem), "-noout", "-modulus").decode().strip()
        return {**common, "kty": "RSA", "n": b64(bytes.fromhex(modulus.removeprefix("Modulus="))), "e": "AQAB"}

    def token(self, header=None, **claims):
        head = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **(header or {})}
        body = {"iss": "https://issuer.example", "aud": ["pixgate"], "sub": "dora", "exp": int(time.time()) + 300, **claims}
        text = ".".join(b64(json.dumps(part).encode()) for part in (head, body))
        return text + "." + b64(self.sign(text))


def status(server, token):
    return Client(server, token).call("GET", "/v1/images").status


@pytest.mark.parametrize("algorithm", KINDS)
def test_pem_keys_verify_what_openssl_signs(tmp_path, algorithm):
    key, stranger = Key(tmp_path, algorithm, "main"), Key(tmp_path, algorithm, "other")
    config = tmp_path / "p.toml"
    config.write_text(f"""
[jwt]
issuer = "https://issuer.example"
audience = "pixgate"
[[jwt.keys]]
id = "main"
algorithm = "{algorithm}"
public_key_file = "{key.pem}"
""")
    with PixgateServer("--config", str(config)) as server:
        assert status(server, key.token()) == 200
        assert status(server, key.token({"kid": "other"})) == 401
        assert status(server, key.token({"alg": "HS256"})) == 401
        assert status(server, key.token(exp=int(time.time()) - 60)) == 401
        stranger.kid = "main"
        assert status(server, stranger.token()) == 401


class JwkSet:
    """Serves a JWK set that tests change; counts who asks."""

    def __init__(self):
        outer = self
        self.keys, self.asked, self.is_broken = [], 0, False

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = b"<html>" if outer.is_broken else json.dumps({"keys": outer.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_jwk_set_is_read_again_for_a_new_key_but_not_for_every_stranger(tmp_path):
    keys = [Key(tmp_path, algorithm, algorithm.lower()) for algorithm in KINDS]
    jwks = JwkSet()
    try:
        jwks.keys = [key.jwk() for key in keys[:2]]
        environment = {"PIXGATE_JWT_ISSUER": "https://issuer.example", "PIXGATE_JWT_AUDIENCE": "pixgate",
                       "PIXGATE_JWT_JWKS_URL": jwks.url}
        with PixgateServer(env=environment) as server:
            deadline = time.monotonic() + 10
            while jwks.asked == 0 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert [status(server, key.token()) for key in keys[:2]] == [200, 200]
            jwks.keys = [key.jwk() for key in keys]
            assert status(server, keys[2].token()) == 200, "a key of the new set"
            asked = jwks.asked
            stranger = Key(tmp_path, "EdDSA", "stranger")
            token = stranger.token()
            assert [status(server, token) for _ in range(20)] == [401] * 20
            assert jwks.asked == asked, "strangers do not make us ask again and again"
            jwks.is_broken = True
            assert status(server, keys[0].token()) == 200, "the last good set stays"
    finally:
        jwks.close()
