-- Everything but the bodies of objects. Times (…_ms) are UTC milliseconds since 1970.

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Counts commits of objects: the sequencer of storage events.
INSERT INTO counters VALUES ('sequencer', 0);

CREATE TABLE buckets (
    name          TEXT PRIMARY KEY,
    raises_events INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE objects (
    bucket       TEXT NOT NULL REFERENCES buckets (name),
    key          TEXT NOT NULL,
    file         TEXT NOT NULL,      -- name of the body below objects/; sorts by time
    size_bytes   INTEGER NOT NULL,
    etag         TEXT NOT NULL,      -- hex MD5
    sha256       TEXT NOT NULL,
    content_type TEXT NOT NULL,
    modified_ms  INTEGER NOT NULL,
    sequencer    TEXT NOT NULL,
    headers      TEXT NOT NULL,      -- JSON object of texts
    metadata     TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX objects_by_file ON objects (file);

-- The outbox: written in the transaction that makes the object visible.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    json        TEXT NOT NULL,
    failed_runs INTEGER NOT NULL DEFAULT 0,
    last_error  TEXT NOT NULL DEFAULT '',
    created_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE messages (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    body          TEXT NOT NULL,
    token         TEXT NOT NULL DEFAULT '',    -- of the last receive
    receive_count INTEGER NOT NULL DEFAULT 0,
    visible_at    INTEGER NOT NULL DEFAULT 0,  -- milliseconds; see adapters/embedded/queue.cpp
    sent_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_visibility ON messages (visible_at, id);

CREATE TABLE dead_letters (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    source     TEXT NOT NULL CHECK (source IN ('event', 'message')),
    body       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    last_error TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    first_ms   INTEGER NOT NULL,
    died_ms    INTEGER NOT NULL
) STRICT;

-- Alerts not said yet.
CREATE TABLE alerts (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    cause    TEXT NOT NULL,
    text     TEXT NOT NULL,
    image_id TEXT NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE images (
    id              TEXT PRIMARY KEY,  -- UUIDv7: sorts by time
    owner           TEXT NOT NULL,
    policy          TEXT NOT NULL,
    state           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    filename        TEXT NOT NULL,
    bucket          TEXT NOT NULL,
    key             TEXT NOT NULL,
    declared_type   TEXT NOT NULL,
    declared_bytes  INTEGER NOT NULL,
    etag            TEXT NOT NULL,
    content_type    TEXT NOT NULL,
    size_bytes      INTEGER NOT NULL,
    sha256          TEXT NOT NULL,
    width_px        INTEGER NOT NULL,
    height_px       INTEGER NOT NULL,
    frames          INTEGER NOT NULL,
    metadata        TEXT NOT NULL,     -- JSON object of texts
    created_ms      INTEGER NOT NULL,
    expires_ms      INTEGER NOT NULL,
    ready_ms        INTEGER,
    due_ms          INTEGER NOT NULL,  -- pending: expires_ms; else the last change
    caller_id       TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX images_by_owner ON images (owner, id);
-- Most images are ready: only the others are looked for by state.
CREATE INDEX images_by_state ON images (state, id) WHERE state <> 'ready';
CREATE INDEX images_by_due ON images (state, due_ms) WHERE state <> 'ready';
CREATE INDEX images_open ON images (caller_id) WHERE state = 'pending';
CREATE UNIQUE INDEX images_by_idempotency ON images (caller_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE image_history (
    image_id TEXT NOT NULL REFERENCES images (id),
    position INTEGER NOT NULL,
    state    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (image_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE image_variants (
    image_id     TEXT NOT NULL REFERENCES images (id),
    name         TEXT NOT NULL,
    bucket       TEXT NOT NULL,
    key          TEXT NOT NULL,
    etag         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width_px     INTEGER NOT NULL,
    height_px    INTEGER NOT NULL,
    size_bytes   INTEGER NOT NULL,
    PRIMARY KEY (image_id, name)
) STRICT, WITHOUT ROWID;

-- The ledger: events that had their effect, and the newest one of each object.
CREATE TABLE processed_events (
    bucket    TEXT NOT NULL,
    key       TEXT NOT NULL,
    etag      TEXT NOT NULL,
    sequencer TEXT NOT NULL,
    PRIMARY KEY (bucket, key, etag, sequencer)
) STRICT, WITHOUT ROWID;
CREATE TABLE newest_events (
    bucket    TEXT NOT NULL,
    key       TEXT NOT NULL,
    sequencer TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id TEXT NOT NULL,
    owner    TEXT NOT NULL,
    snapshot TEXT NOT NULL  -- the image right after the change, as JSON
) STRICT;
CREATE INDEX feed_by_image ON feed (image_id, seq);
CREATE INDEX feed_by_owner ON feed (owner, seq);
