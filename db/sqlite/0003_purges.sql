-- What caches in front of the edge still have to drop, and how far the change feed was taken over.
CREATE TABLE purges (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    image_id TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE purge_position (
    row INTEGER PRIMARY KEY CHECK (row = 1),
    seq INTEGER NOT NULL
) STRICT;
