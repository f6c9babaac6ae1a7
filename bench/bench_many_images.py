"""Cost of one request with a million images in the catalog beside a thousand: the same server on two data folders, in turn.
Hits in memory, random images from the store, a size made on demand of random images, permissions, pages of the list. The
catalogs are filled while their server is stopped, with the rows of one real upload under other ids; 1,000 images of each
have bodies (links to that one's), and those are asked for. The sweeper's look at all images after a start is off. Each
database is read from end to end right before its server is asked: hosts of virtual machines take memory back that nobody
touched for seconds, page cache too, and who touches it next waits for it."""

import os
import random
import sqlite3
import time
from pathlib import Path

import load
import pictures

COUNTS = (1_000, 1_000_000)
WITH_BODIES, ON_DEMAND_A_ROUND, ROUNDS, SECONDS = 1_000, 100, 7, 3
IMAGES_PER_OWNER, STEP_MS = 100, 30_000
SETTINGS = {
    "PIXGATE_POLICY_PRESETS": "w640", "PIXGATE_EDGE_MEMORY_CACHE_BYTES": str(4 << 20),
    "PIXGATE_EDGE_PIXELS_PER_SECOND_PER_CLIENT": "1000000000000", "PIXGATE_EDGE_MAX_WAITING": "10000", "PIXGATE_SWEEPER_MAKE_MISSING_PRESETS": "false"}
FAST = "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;"


def columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def copy_rows(db: sqlite3.Connection, table: str, template: str, where: str, ids: str, changed: dict) -> None:
    """Each row of the template once for each of `ids`, its id replaced in every text."""
    for row in db.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY 1, 2, 3").fetchall():
        values, parts = [], []
        for name, value in zip(columns(db, table), row):
            if name in changed:
                parts.append(changed[name])
            elif isinstance(value, str) and template in value:
                parts.append("replace(?, ?, new.id)")
                values += [value, template]
            else:
                parts.append("?")
                values.append(value)
        db.execute(f"INSERT INTO {table} SELECT {', '.join(parts)} FROM {ids} new ORDER BY new.id", values)


def file_name(at_ms: int, number: int) -> str:
    return f"{at_ms:012x}{number:020x}"


def link_bodies(objects: Path, file: str, number: int, sample: list[tuple]) -> None:
    for i, at_ms in sample:
        new = file_name(at_ms, 16 * i + number)
        folder = objects / new[-2:]
        folder.mkdir(exist_ok=True)
        os.link(objects / file[-2:] / file, folder / new)


def fill(data: Path, template: str, count: int) -> tuple[list[str], float]:
    """The ids of the images that have bodies, and the seconds it took."""
    begin = time.monotonic()
    db = sqlite3.connect(data / "pixgate.db", isolation_level=None)
    db.executescript(FAST)
    start_ms = int(time.time() * 1000) - (count + 1) * STEP_MS
    owners = max(1, count // IMAGES_PER_OWNER)
    db.execute("BEGIN")
    db.execute("CREATE TEMP TABLE ids (id TEXT PRIMARY KEY, i INTEGER, at_ms INTEGER) WITHOUT ROWID")
    db.execute("""INSERT INTO ids WITH RECURSIVE n(i, at) AS (SELECT 0, ?1 UNION ALL SELECT i + 1, at + ?2 FROM n WHERE i + 1 < ?3)
        SELECT printf('%08x-%04x-7%03x-8%03x-%012x', at >> 16, at & 65535, i % 4096, i % 4093, i * 2654435761 % 281474976710656), i, at
        FROM n""", (start_ms, STEP_MS, count))
    chosen = sorted(random.Random(1).sample(range(count), min(WITH_BODIES, count)))
    db.execute("CREATE TEMP TABLE sample (id TEXT PRIMARY KEY, i INTEGER, at_ms INTEGER) WITHOUT ROWID")
    db.execute("CREATE TEMP TABLE wanted (i INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO wanted VALUES (?)", ((i,) for i in chosen))
    db.execute("INSERT INTO sample SELECT ids.id, ids.i, ids.at_ms FROM ids JOIN wanted USING (i)")
    at = "new.at_ms"
    copy_rows(db, "images", template, f"id = '{template}'", "ids", {
        "created_ms": at, "expires_ms": at, "ready_ms": at, "due_ms": at, "owner": f"'user-' || (new.i % {owners})"})
    body = {"file": "printf('%012x%020x', new.at_ms, 16 * new.i)", "modified_ms": at}
    copy_rows(db, "objects", template, "bucket = 'pixgate-originals'", "ids", body)
    variants = db.execute("SELECT key, file FROM objects WHERE bucket = 'pixgate-variants'").fetchall()
    sample = db.execute("SELECT i, at_ms FROM sample").fetchall()
    for number, (key, file) in enumerate(variants, 1):
        copy_rows(db, "objects", template, f"key = '{key}'", "sample",
                  {**body, "file": f"printf('%012x%020x', new.at_ms, 16 * new.i + {number})"})
        link_bodies(data / "objects", file, number, sample)
    db.execute("COMMIT")
    ids = [row[0] for row in db.execute("SELECT id FROM sample ORDER BY i")]
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    return ids, time.monotonic() - begin


class Catalog:
    def __init__(self, count: int, photo: bytes):
        server = load.start_pixgate(**SETTINGS)
        self.count, self.data = count, server.data_dir
        template = load.upload(server, photo, "image/jpeg")
        server.stop()
        self.ids, self.fill_seconds = fill(self.data, template, count)
        self.db_mb = sum(f.stat().st_size for f in self.data.glob("pixgate.db*")) / 1e6
        random.Random(2).shuffle(self.ids)
        self.server = load.start_pixgate(folder=self.data, **SETTINGS)
        self.base, self.key = f"http://{self.server.api.netloc}", self.server.keys["server"]
        self.phases = {}

    def listed(self, query: str) -> str:
        status, page = self.server.json("GET", f"/v1/images?limit=50&{query}")
        assert status == 200 and len(page["images"]) == 50, (status, page)
        return f"{self.base}/v1/images?limit=50&{query}"

    def touch_page_cache(self) -> None:
        with open(self.data / "pixgate.db", "rb", buffering=0) as database:
            part = bytearray(1 << 20)
            while database.readinto(part):
                pass

    def measure(self, name: str, work) -> None:
        self.touch_page_cache()
        before = load.cpu_seconds(self.server.process.pid)
        r = work()
        assert not r["errors"], (name, r)
        r["cpu_us"] = (load.cpu_seconds(self.server.process.pid) - before) * 1e6 / r["requests"]
        self.phases.setdefault(name, []).append(r)

    def one_round(self, n: int, name: str) -> None:
        key = {"Authorization": f"Bearer {self.key}"}
        images = [f"{self.base}/i/{i}" for i in self.ids]
        made = images[n * ON_DEMAND_A_ROUND:(n + 1) * ON_DEMAND_A_ROUND]
        owner = f"owner=user-{min(7, self.count // IMAGES_PER_OWNER - 1)}"
        works = {
            "hit": lambda: load.wrk(f"{images[0]}/w=640,f=webp", None, 64, SECONDS),
            "random_from_store": lambda: load.fetch_list([f"{i}/w=640,f=webp" for i in images], 16),
            "made_on_demand": lambda: load.fetch_list([f"{i}/w=320,f=jpeg" for i in made], 8),
            "page_of_owner": lambda: load.wrk(self.listed(owner), None, 8, SECONDS, headers=key),
            "page_from_the_middle": lambda: load.wrk(
                self.listed(f"cursor={sorted(self.ids)[len(self.ids) // 2]}"), None, 8, SECONDS, headers=key),
            "permission": lambda: load.wrk(f"{self.base}/v1/uploads", Path(__file__).with_name("presign.lua"), 32, SECONDS,
                                           {"PIXGATE_KEY": self.key})}
        self.measure(name, works[name])


PHASES = ("hit", "random_from_store", "made_on_demand", "page_of_owner", "page_from_the_middle", "permission")


def main() -> None:
    photo, catalogs = pictures.photos_12mp()[0], []
    result = {"what": __doc__.strip(), "images": COUNTS, "rounds": ROUNDS, "load_before": load.load_average()}
    try:
        for count in COUNTS:
            catalogs.append(Catalog(count, photo))
        few, many = catalogs
        result["filled"] = {c.count: {"seconds": c.fill_seconds, "database_mb": c.db_mb} for c in catalogs}
        # Permissions last: a hundred thousand pending images are no catalog of a thousand any more.
        for names in (PHASES[:-1], PHASES[-1:]):
            for n in range(ROUNDS):
                for name in names:
                    for c in catalogs:
                        c.one_round(n, name)
        for name in PHASES:
            keys = ("cpu_us", "per_second", "p50_ms", "p99_ms")
            result[name] = {
                **{str(c.count): {k: load.summary(c.phases[name], k) for k in keys} for c in catalogs},
                "million_of_thousand": {k: load.ratio(many.phases[name], few.phases[name], k) for k in ("cpu_us", "p50_ms", "p99_ms")},
                "command": few.phases[name][0]["command"]}
        result["load_after"] = load.load_average()
        load.write_result("many_images", result)
    finally:
        for c in catalogs:
            load.remove(c.server)


if __name__ == "__main__":
    main()
