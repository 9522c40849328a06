-- name: calendars
-- Every published version of the working calendar.
SELECT version, content FROM intake.calendar;

-- name: calendars_published
-- How many versions of the working calendar were published.
SELECT calendars FROM intake.directory;

-- name: store_calendars
-- Versions of the working calendar, each once, and how many there are now.
WITH stored AS (
    INSERT INTO intake.calendar (version, id, content)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
    ON CONFLICT (version) DO NOTHING
    RETURNING 1
)
UPDATE intake.directory SET calendars = calendars + (SELECT count(*) FROM stored)
WHERE EXISTS (SELECT FROM stored);
