-- How far each cache in front was told of purges; one that is not here was told of none.
CREATE TABLE purges_told (
    target TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL
) STRICT;
