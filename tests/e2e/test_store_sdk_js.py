"""Runs the tests of store_sdk_js (AWS SDK for JavaScript v3) against a server of their own."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pixgate_server import PixgateServer

FOLDER = Path(__file__).resolve().parent / "store_sdk_js"


@pytest.fixture(scope="module")
def server():
    with PixgateServer() as running:
        running.boto3_client().create_bucket(Bucket="js-bucket")
        yield running


@pytest.fixture(scope="module")
def sdk():
    if shutil.which("npm") is None:
        pytest.skip("no npm")
    lock, done = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".installed"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=FOLDER, check=True, timeout=300)
        done.write_bytes(lock.read_bytes())
    return FOLDER


def test_the_sdk_for_javascript_agrees_with_the_store(server, sdk):
    done = subprocess.run(
        ["node", "--test", "store.test.mjs"], cwd=sdk, capture_output=True, text=True, timeout=120,
        env={**os.environ, "STORE_URL": server.store_url, "STORE_ACCESS_KEY": server.access_key,
             "STORE_SECRET_KEY": server.secret_key, "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^[#ℹ] pass (\d+)$", done.stdout, re.M)
    assert passed and int(passed[1]) >= 8, done.stdout
