"""Memory of an idle server (PSS of the process tree) with 0 and with 10,000 idle connections, and the time from exec to ready."""

import socket
import time

import load

starts = []
for _ in range(5):
    begin = time.monotonic()
    server = load.start_pixgate()
    starts.append({"ms": (time.monotonic() - begin) * 1000})
    server.stop()
server = load.start_pixgate()
try:
    time.sleep(1)
    idle = load.pss_mib(server.process.pid)
    connections = []
    for _ in range(10_000):
        s = socket.create_connection((server.api.hostname, server.api.port))
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
        connections.append(s)
    for s in connections:
        s.recv(4096)
    time.sleep(2)
    loaded = load.pss_mib(server.process.pid)
finally:
    server.stop()
load.write_result("idle", {
    "start_ms": load.summary(starts, "ms"), "idle_pss_mib": idle, "with_10000_idle_connections_pss_mib": loaded,
    "kib_per_idle_connection": (loaded - idle) * 1024 / 10_000,
})
