-- WITHOUT ROWID keeps whole rows in the inner pages of a tree too. These are wide, so with a million images each of the three trees
-- was seven levels deep; a table with a narrow index beside it has three, and what belongs to an image is read with it.

CREATE TABLE images_2 (
    id              TEXT NOT NULL UNIQUE,  -- UUIDv7: sorts by time
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
    has_alpha       INTEGER NOT NULL,
    dominant_colour TEXT NOT NULL,     -- #rrggbb
    thumbhash       TEXT NOT NULL,     -- base64
    blurhash        TEXT NOT NULL,
    metadata        TEXT NOT NULL,     -- JSON object of texts
    created_ms      INTEGER NOT NULL,
    expires_ms      INTEGER NOT NULL,
    ready_ms        INTEGER,
    due_ms          INTEGER NOT NULL,  -- pending: expires_ms; else the last change
    caller_id       TEXT NOT NULL,
    idempotency_key TEXT,
    request_hash    TEXT NOT NULL,
    history         TEXT NOT NULL,     -- JSON array, oldest first: core/snapshot.h
    variants        TEXT NOT NULL      -- JSON array
) STRICT;
INSERT INTO images_2
    SELECT id, owner, policy, state, reason, filename, bucket, key, declared_type, declared_bytes, etag, content_type, size_bytes,
           sha256, width_px, height_px, frames, has_alpha, dominant_colour, thumbhash, blurhash, metadata, created_ms, expires_ms,
           ready_ms, due_ms, caller_id, idempotency_key, request_hash,
           (SELECT json_group_array(json_object('state', h.state, 'at_ms', h.at_ms, 'reason', h.reason))
            FROM (SELECT * FROM image_history WHERE image_id = images.id ORDER BY position) h),
           (SELECT json_group_array(json_object(
                'name', v.name, 'bucket', v.bucket, 'key', v.key, 'etag', v.etag, 'content_type', v.content_type,
                'width_px', v.width_px, 'height_px', v.height_px, 'size_bytes', v.size_bytes, 'kind', v.kind))
            FROM image_variants v WHERE v.image_id = images.id)
    FROM images ORDER BY id;
DROP TABLE image_history;
DROP TABLE image_variants;
DROP TABLE images;
ALTER TABLE images_2 RENAME TO images;

CREATE INDEX images_by_owner ON images (owner, id);
-- Most images are ready: only the others are looked for by state.
CREATE INDEX images_by_state ON images (state, id) WHERE state <> 'ready';
CREATE INDEX images_by_due ON images (state, due_ms) WHERE state <> 'ready';
CREATE INDEX images_open ON images (caller_id) WHERE state = 'pending';
CREATE UNIQUE INDEX images_by_idempotency ON images (caller_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
