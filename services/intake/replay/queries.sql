-- name: genesis_known
-- Which of these genesis events were made before, with their bytes.
SELECT id::text, answer FROM intake.write WHERE id = ANY($1::uuid[]);

-- name: delete_receipted
-- The log holds these events: their outbox rows have done their work.
DELETE FROM intake.outbox WHERE event_id = ANY($1::uuid[]) RETURNING event_id::text, sha256(bytes) AS digest;

-- name: note_places
-- Where in the log these events of cases stand.
INSERT INTO intake.case_entry (event, index) SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING;

-- name: note_refusal
-- The log refused an event: it is not sent again, an operator looks.
UPDATE intake.outbox SET refused = $2
WHERE event_id = $1 AND refused IS NULL AND $3::bigint IN (unitseq, 0)  -- it may have another number by now; 0: the log read none
RETURNING id;

-- name: log_position
-- How far the log's receipts were taken in, and up to where the database is behind the log.
SELECT size, peaks, until, last_time FROM intake.log_position;

-- name: move_log_position
-- Move on by compare-and-set: no row means another process took these receipts in.
UPDATE intake.log_position SET size = $2, peaks = $3, last_time = coalesce($4, last_time) WHERE size = $1 RETURNING size;

-- name: fall_behind
-- The log holds what the database does not: no write is taken before this size is reached.
UPDATE intake.log_position SET until = greatest(until, $1);

-- name: last_known_time
-- When the newest entry was made that a person caused; of a database older than this column, the newest write.
SELECT coalesce(last_time, (SELECT max(accepted_at) FROM intake.write)) FROM intake.log_position;

-- name: catch_up
-- The database holds again all that the log holds.
UPDATE intake.log_position SET until = NULL WHERE until <= size;

-- name: accounted_for
-- How many events this database knows of that are in the log or on their way to it.
SELECT size + (SELECT count(*) FROM intake.outbox) FROM intake.log_position;

-- name: lost_writes
-- Which of these writes the database knows all the same: a repeat was accepted before the loss was noticed.
SELECT id::text FROM intake.write WHERE id = ANY($1::uuid[]);

-- name: accounts_of_refs
-- Whose these pseudonyms are, as far as that is known.
SELECT ref, account FROM intake.vault_pseudonym WHERE ref = ANY($1::text[]);

-- name: known_lineage
-- Which of these successions the unit tree holds.
SELECT DISTINCT id::text FROM identity.lineage WHERE id = ANY($1::uuid[]);

-- name: restore_writes
-- Writes as the log tells of them; of one that was repeated meanwhile, the answer is what the log holds.
INSERT INTO intake.write (id, account, content, answer, accepted_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[])
ON CONFLICT (id) DO UPDATE SET answer = excluded.answer;

-- name: lose_parts
-- Private parts of which only the log's commitment is left.
INSERT INTO intake.vault_part (event_id, grp, lost_at)
SELECT event_id, grp, $3 FROM unnest($1::uuid[], $2::text[]) AS lost(event_id, grp) ON CONFLICT DO NOTHING;

-- name: lose_photos
-- Photos of these findings that the log says were held, and that are held no more: they are waited for no more.
UPDATE intake.finding
SET photos = (
    SELECT jsonb_agg(CASE WHEN NOT photo ? 'sha256' OR EXISTS (
        SELECT FROM intake.vault_photo WHERE vault_photo.finding = finding.id AND vault_photo.place = listed.place
    ) THEN photo ELSE '{"lost": true}' END ORDER BY place)
    FROM jsonb_array_elements(photos) WITH ORDINALITY AS listed(photo, place)
)
WHERE id = ANY($1::uuid[]) AND photos <> '[]';

-- name: lose_refs
-- Pseudonyms whose accounts nobody knows any more.
INSERT INTO intake.lost_ref (ref, quarter) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING;

-- name: end_tenures
-- Heads who left their posts since: their appointments end with them.
UPDATE identity.appointment SET valid_to = gone.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS gone(tenure, at)
WHERE appointment.tenure = gone.tenure AND (valid_to IS NULL OR valid_to > gone.at);

-- name: stale_rows
-- Accepted events that the log refused because their numbers were given before; in the order in which they were accepted.
SELECT id, event_id::text, unit, bytes FROM intake.outbox WHERE refused = 'stale' ORDER BY id FOR UPDATE;

-- name: renumber
-- Such an event under the next number of its unit, and as a new row: the relay repeats one that it has sent only after a while.
UPDATE intake.outbox SET id = DEFAULT, unitseq = $2, bytes = $3, refused = NULL WHERE id = $1;

-- name: answer_of
-- The answer to a write.
SELECT answer FROM intake.write WHERE id = $1;

-- name: renumber_answer
-- The answer to its write tells the new number.
UPDATE intake.write SET answer = $2 WHERE id = $1;
