"""From the store's 200 for the last byte to the `ready` event in the application's hands (SSE), at 1 and at 50 uploads a
second: p50 and p99, for 200 KB pictures, checked by full decode and by header only; and for one 12-megapixel photo."""

import http.client
import json
import random
import sys
import threading
import time
from pathlib import Path

import load
from load import rig


class Feed(threading.Thread):
    """Listens to /v1/events and notes when each image became ready."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.ready, self.opened = server, {}, threading.Event()

    def run(self) -> None:
        c = http.client.HTTPConnection(self.server.api.hostname, self.server.api.port)
        c.request("GET", "/v1/events", headers={"Authorization": f"Bearer {self.server.keys['server']}"})
        answer = c.getresponse()
        self.opened.set()
        while line := answer.readline():
            if line.startswith(b"data: "):
                now = time.monotonic()
                image = json.loads(line[6:])
                if image["state"] in ("ready", "rejected"):
                    self.ready[image["image_id"]] = now


def measure(server, feed, picture: bytes, content_type: str, per_second: float, count: int) -> dict:
    finished, threads = {}, []

    def upload() -> None:
        _, permission = server.json("POST", "/v1/uploads", {
            "filename": "bench", "content_type": content_type, "size_bytes": len(picture)})
        if server.send(permission["original"], picture) == 200:
            finished[permission["image_id"]] = time.monotonic()

    start = time.monotonic()
    for i in range(count):
        time.sleep(max(0.0, start + i / per_second - time.monotonic()))
        threads.append(threading.Thread(target=upload))
        threads[-1].start()
    for thread in threads:
        thread.join()
    rig.wait_for(lambda: all(i in feed.ready for i in finished), 60, "all ready")
    ms = [(feed.ready[i] - finished[i]) * 1000 for i in finished]
    return {"uploads": len(ms), "p50_ms": load.percentile(ms, 50), "p99_ms": load.percentile(ms, 99)}


def main() -> None:
    rng = random.Random(1)
    small = rig.make_png(rng, 200_000)
    result = {"what": __doc__.strip()}
    for verify in ("decode", "header"):
        server = load.start_pixgate(PIXGATE_POLICY_VERIFY=verify)
        feed = Feed(server)
        try:
            feed.start()
            feed.opened.wait(10)
            measure(server, feed, small, "image/png", 5, 10)  # warm
            result[f"200KB_{verify}_1_per_s"] = measure(server, feed, small, "image/png", 1, 20)
            result[f"200KB_{verify}_50_per_s"] = measure(server, feed, small, "image/png", 50, 500)
            for photo in sys.argv[1:2]:
                result[f"12MP_{verify}_1_per_s"] = measure(server, feed, Path(photo).read_bytes(), "image/jpeg", 1, 15)
        finally:
            server.stop()
    load.write_result("ready", result)


if __name__ == "__main__":
    main()
