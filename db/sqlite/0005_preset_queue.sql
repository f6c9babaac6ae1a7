-- More than one queue: '' is that of verdicts, 'presets' that of presets to be made anew.

ALTER TABLE messages ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN queue TEXT NOT NULL DEFAULT '';
DROP INDEX messages_by_visibility;
CREATE INDEX messages_by_visibility ON messages (queue, visible_at, id);
