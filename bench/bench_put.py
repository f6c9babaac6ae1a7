"""PUT of 100 KB and of 3 MB at 32 connections: the embedded store (signature checked, hashed, fdatasync + directory fsync +
one transaction before each 200) beside nginx WebDAV (no signature, no hash, no sync), interleaved, on the same disk."""

import hashlib
import hmac
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import load

ROUNDS, SECONDS, CONNECTIONS, KEYS = 3, 5, 32, 2000


def presign(server, key: str) -> str:
    """Presigned PUT that signs only `host`, as a generic S3 client would make it."""
    access, secret = "FAULTRIGACCESSKEY000", "fault-rig-secret-key-0123456789abcdef0123"
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    query = "&".join(sorted(f"{k}={quote(v, safe='')}" for k, v in {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{access}/{scope}", "X-Amz-Date": now,
        "X-Amz-Expires": "3600", "X-Amz-SignedHeaders": "host"}.items()))
    path = f"/bench/{key}"
    canonical = f"PUT\n{path}\n{query}\nhost:{server.store.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    k = ("AWS4" + secret).encode()
    for part in (now[:8], "us-east-1", "s3", "aws4_request"):
        k = hmac.new(k, part.encode(), hashlib.sha256).digest()
    return f"{path}?{query}&X-Amz-Signature={hmac.new(k, text.encode(), hashlib.sha256).hexdigest()}"


def start_nginx(folder: Path, port: int) -> subprocess.Popen:
    (folder / "www").mkdir()
    config = folder / "nginx.conf"
    config.write_text(f"""
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_max_body_size 100m;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; location / {{ dav_methods PUT DELETE; create_full_put_path on; }} }}
}}""")
    return subprocess.Popen(["nginx", "-p", str(folder), "-c", str(config)])


def main() -> None:
    work = Path(tempfile.mkdtemp(prefix="pixgate-bench-put-", dir=load.os.environ.get("PIXGATE_BENCH_DIR")))
    work.chmod(0o755)
    port = 18_080
    server, nginx = load.start_pixgate(), start_nginx(work, port)
    script = Path(__file__).with_name("put.lua")
    try:
        make_bucket(server)
        ours_paths, nginx_paths = work / "ours.txt", work / "nginx.txt"
        ours_paths.write_text("\n".join(presign(server, f"k{i}") for i in range(KEYS)))
        nginx_paths.write_text("\n".join(f"/bench/k{i}" for i in range(KEYS)))
        result = {"what": __doc__.strip(), "connections": CONNECTIONS}
        for label, size in (("100KB", 100_000), ("3MB", 3_000_000)):
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(one(server.process.pid, f"http://{server.store.netloc}", script, ours_paths, size))
                theirs.append(one(nginx.pid, f"http://127.0.0.1:{port}", script, nginx_paths, size))
            ratio = [a["per_second"] / b["per_second"] for a, b in zip(ours, theirs)]
            result[label] = {
                "ratio_per_second_us_to_nginx": {"median": statistics.median(ratio), "all": ratio},
                "ours": {k: load.summary(ours, k) for k in ("per_second", "p99_ms", "cpu_ms")},
                "nginx": {k: load.summary(theirs, k) for k in ("per_second", "p99_ms", "cpu_ms")},
                "errors": [sum(r["errors"] for r in ours), sum(r["errors"] for r in theirs)],
                "command": ours[0]["command"],
            }
        load.write_result("put", result)
    finally:
        server.stop()
        nginx.terminate()
        shutil.rmtree(work, ignore_errors=True)


def one(pid: int, url: str, script: Path, paths: Path, size: int) -> dict:
    before = load.cpu_seconds(pid)
    r = load.wrk(url, script, CONNECTIONS, SECONDS, {"PUT_PATHS": str(paths), "PUT_BYTES": str(size)})
    r["cpu_ms"] = (load.cpu_seconds(pid) - before) * 1000 / max(1.0, r["per_second"] * SECONDS)
    return r


def make_bucket(server) -> None:
    import boto3
    from botocore.config import Config

    boto3.client("s3", endpoint_url=f"http://{server.store.netloc}", region_name="us-east-1",
                 aws_access_key_id="FAULTRIGACCESSKEY000", aws_secret_access_key="fault-rig-secret-key-0123456789abcdef0123",
                 config=Config(s3={"addressing_style": "path"})).create_bucket(Bucket="bench")


if __name__ == "__main__":
    main()
