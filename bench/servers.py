"""The rivals that serve files: nginx (static with sendfile, proxy_cache) and varnish, each one process on one core, with
access logs off and keep-alive without end. A rival that is not installed is None and is named as skipped."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HTTP = """
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_timeout 75s; keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 60s; types {{ image/webp webp; image/jpeg jpg; }}
  client_body_temp_path {f}/b; proxy_temp_path {f}/p; fastcgi_temp_path {f}/f; uwsgi_temp_path {f}/u; scgi_temp_path {f}/s;"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def version_of(command: list[str]) -> str:
    out = subprocess.run(command, capture_output=True, text=True)
    return (out.stdout + out.stderr).strip().splitlines()[0]


class Rival:
    """A running server: `url` of what it serves, `pid` of its first process."""

    def __init__(self, name: str, command: list[str], folder: Path, port: int, version: str, env: dict | None = None):
        self.name, self.version, self.folder, self.port = name, version, folder, port
        self.command = " ".join(command).replace(str(folder), "DIR")
        self.log = open(folder / f"{name}.log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=dict(os.environ, **(env or {})))
        self.pid, self.base = self.process.pid, f"http://127.0.0.1:{port}"
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{name}: {(folder / f'{name}.log').read_text()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pixgate-bench-rival-", dir=os.environ.get("PIXGATE_BENCH_DIR")))
    folder.chmod(0o755)
    return folder


def nginx(name: str, server: str, before: str = "", workers: int = 1, modules: tuple = (), program: str = "nginx") -> Rival | None:
    """`server`: what stands in the server block; `before`: in the http block; FOLDER is one of its own."""
    if not shutil.which(program):
        return None
    folder, port = make_folder(), free_port()
    for module in modules:
        if not Path(f"/usr/lib/nginx/modules/{module}").exists():
            return None
    loads = "".join(f"load_module /usr/lib/nginx/modules/{m};\n" for m in modules)
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(f"""{loads}{user} worker_processes {workers}; daemon off; pid {folder}/pid;
error_log {folder}/error.log; events {{ worker_connections 4096; }}
http {{{HTTP.format(f=folder)} {before.replace('FOLDER', str(folder))}
  server {{ listen 127.0.0.1:{port} reuseport backlog=4096; {server} }} }}""")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return Rival(name, command, folder, port, version_of([program, "-v"]))


def nginx_static(root: Path) -> Rival | None:
    return nginx("nginx static", f"root {root};")


def nginx_proxy_cache(origin: str) -> Rival | None:
    return nginx(
        "nginx proxy_cache",
        f"location / {{ proxy_cache c; proxy_cache_valid 200 1h; proxy_pass {origin}; }}",
        "proxy_cache_path FOLDER/cache keys_zone=c:10m max_size=256m;")


def varnish(origin: str) -> Rival | None:
    if not shutil.which("varnishd"):
        return None
    folder, port = make_folder(), free_port()
    command = ["varnishd", "-F", "-n", str(folder / "n"), "-a", f"127.0.0.1:{port}", "-b", origin.removeprefix("http://"),
               "-s", "malloc,256m", "-t", "3600", "-j", "none", "-p", "thread_pools=1", "-p", "thread_pool_min=100",
               "-p", "thread_pool_max=2000"]
    return Rival("varnish", command, folder, port, version_of(["varnishd", "-V"]))
