-- What the function finds out and makes at upload beside the verdict.

ALTER TABLE images ADD COLUMN has_alpha INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN dominant_colour TEXT NOT NULL DEFAULT '';  -- #rrggbb
ALTER TABLE images ADD COLUMN thumbhash TEXT NOT NULL DEFAULT '';        -- base64
ALTER TABLE images ADD COLUMN blurhash TEXT NOT NULL DEFAULT '';

-- A preset may have the name of a sender's thumbnail, and come in several formats.
CREATE TABLE image_variants_2 (
    image_id     TEXT NOT NULL REFERENCES images (id),
    kind         TEXT NOT NULL CHECK (kind IN ('thumbnail', 'preset', 'rendition')),
    name         TEXT NOT NULL,
    bucket       TEXT NOT NULL,
    key          TEXT NOT NULL,
    etag         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    width_px     INTEGER NOT NULL,
    height_px    INTEGER NOT NULL,
    size_bytes   INTEGER NOT NULL,
    PRIMARY KEY (image_id, kind, name, key)
) STRICT, WITHOUT ROWID;
INSERT INTO image_variants_2
    SELECT image_id, 'thumbnail', name, bucket, key, etag, content_type, width_px, height_px,
           size_bytes
    FROM image_variants;
DROP TABLE image_variants;
ALTER TABLE image_variants_2 RENAME TO image_variants;
