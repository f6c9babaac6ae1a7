"""The real binary for end-to-end tests: starts `pixgate serve` on free ports and a data directory of its own, waits for
its ready file within a bound, and stops it. Where a test fails, the server's log is shown with it.

    @pytest.fixture(scope="module")
    def server():
        with PixgateServer() as running:
            yield running

    server.api_url, server.store_url, server.page_url, server.keys["admin"], server.access_key, server.secret_key
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from shared import binary  # noqa: E402

READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
LOG_TAIL_BYTES = 8_000


class PixgateServer:
    def __init__(self, *args: str, env: dict | None = None, data_dir: str | None = None):
        """args go behind those of the fixture; env is added to the environment; data_dir is kept where it is given."""
        self.args = args
        self.access_key = "AKIAENDTOENDTEST0001"
        self.secret_key = "end-to-end-secret-key-0123456789abcdefgh"
        self.env = {
            **os.environ,
            "PIXGATE_STORE_ACCESS_KEY": self.access_key,
            "PIXGATE_STORE_SECRET_KEY": self.secret_key,
            **(env or {}),
        }
        self._folder = Path(tempfile.mkdtemp(prefix="pixgate-e2e-"))
        self.data_dir = Path(data_dir) if data_dir else self._folder / "data"
        self.log_path = self._folder / "server.log"
        self.process: subprocess.Popen | None = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind, value, traceback):
        try:
            self.stop()
        finally:
            if kind is not None:
                print(self.log_tail(), file=sys.stderr)
            self._end()

    def start(self):
        ready = self._folder / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(binary()), "serve", "--data-dir", str(self.data_dir), "--listen", "127.0.0.1:0",
                 "--store-listen", "127.0.0.1:0", "--ready-file", str(ready), *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
            )
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not ready.exists():
            if self.process.poll() is not None:
                raise AssertionError(f"pixgate ended with {self.process.returncode} before it was ready\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"pixgate was not ready in {READY_TIMEOUT_S} s\n{self.log_tail()}")
            time.sleep(0.02)
        told = json.loads(ready.read_text())
        self.api_url, self.store_url, self.page_url = told["api_url"], told["store_url"], told.get("page_url")
        self.keys = told["keys"]

    def stop(self):
        """SIGTERM; a server that does not end in time is a failure."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"pixgate did not stop in {STOP_TIMEOUT_S} s\n{self.log_tail()}") from None

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_TIMEOUT_S)

    def log_tail(self):
        if not self.log_path.exists():
            return "(no log)"
        return "--- server log ---\n" + self.log_path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")

    def _end(self):
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def boto3_client(self, **config):
        """A client of Debian's boto3 for the store, which retries nothing: a fault must be seen."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3", endpoint_url=self.store_url, region_name="us-east-1", aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0}, **config),
        )
