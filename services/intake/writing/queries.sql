-- name: lock_and_recall
-- Lock units' sequences in one order, and find which of these ids were accepted before, by whom and with what answer.
-- A twin that another process commits while this waits for a lock is found when its id is stored, and the batch retried.
WITH locked AS (
    SELECT unit, last_seq FROM intake.unit_sequence WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE
)
SELECT unit, last_seq, NULL AS id, NULL AS account, NULL::bytea AS content, NULL::bytea AS answer FROM locked
UNION ALL
SELECT NULL, NULL, id::text, account, content, answer FROM intake.write WHERE id = ANY($2::uuid[]);

-- name: recall
-- The units' last numbers, not locked, which of these ids were accepted before, by whom and with what answer, and the stamps.
SELECT unit, last_seq, NULL AS id, NULL AS account, NULL::bytea AS content, NULL::bytea AS answer, NULL::bigint AS calendars
FROM intake.unit_sequence WHERE unit = ANY($1::text[])
UNION ALL
SELECT NULL, NULL, id::text, account, content, answer, NULL FROM intake.write WHERE id = ANY($2::uuid[])
UNION ALL
SELECT NULL, version, NULL, NULL, NULL, NULL, calendars FROM intake.directory;

-- name: stamps
-- The number of the last change of the unit tree, and how many calendars there are: read once units are locked.
SELECT version, calendars FROM intake.directory;

-- name: device_keys
-- The keys of these phones.
SELECT id::text, account, key FROM intake.device WHERE id = ANY($1::uuid[]);

-- name: note_links
-- Items of phones' chains as they came; one that was refused and is accepted now is refused no more.
INSERT INTO intake.device_link AS kept (device, n, link, prev, write, verified, refused, waiting, carrier, received_at, seen_at)
SELECT device, n, link, prev, write, verified, refused, waiting, carrier, $10, $10
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::boolean[], $7::text[], $8::int[], $9::text[])
    AS new(device, n, link, prev, write, verified, refused, waiting, carrier)
ON CONFLICT (device, n, link) DO UPDATE
SET refused = CASE WHEN kept.refused IS NOT NULL THEN excluded.refused END,
    waiting = coalesce(excluded.waiting, kept.waiting), seen_at = excluded.seen_at;

-- name: accounts
-- Which of these accounts exist.
SELECT account FROM identity.account WHERE account = ANY($1::text[]);

-- name: lock_units
-- Lock units' sequences in one order, so two batches never wait for each other in a circle.
SELECT unit, last_seq FROM intake.unit_sequence WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE;

-- name: store_writes
-- The accepted writes with their answers, sealed private parts, the events in order, and the last number of each unit by
-- compare-and-set (-1: a new unit): what every batch has, in one round trip, and with it what keepers insert beside them.
-- Division by zero: a unit was written by another process since its number was read, and nothing of this is stored.
WITH stored AS (
    INSERT INTO intake.write (id, account, content, answer, accepted_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[])
), queued AS (
    INSERT INTO intake.outbox (event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, accepted_at)
    SELECT event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, $13
    FROM unnest($6::uuid[], $7::text[], $8::bigint[], $9::bytea[], $10::text[], $11::text[], $12::boolean[])
        WITH ORDINALITY AS event(event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, place)
    ORDER BY place
), sealed AS (
    INSERT INTO intake.vault_part (event_id, grp, wrapped_key, sealed)
    SELECT * FROM unnest($17::uuid[], $18::text[], $19::bytea[], $20::bytea[])
), moved AS (
    UPDATE intake.unit_sequence SET last_seq = given.reached
    FROM unnest($14::text[], $15::bigint[], $16::bigint[]) AS given(unit, reached, before)
    WHERE unit_sequence.unit = given.unit AND unit_sequence.last_seq = given.before
    RETURNING 1
), begun AS (
    INSERT INTO intake.unit_sequence (unit, last_seq)
    SELECT unit, reached FROM unnest($14::text[], $15::bigint[], $16::bigint[]) AS given(unit, reached, before)
    WHERE before = -1
    RETURNING 1
)
SELECT 1 / ((SELECT count(*) FROM moved) + (SELECT count(*) FROM begun) = cardinality($14::text[]))::int;

-- name: raise_numbers
-- The last numbers of these units, as the log has them.
INSERT INTO intake.unit_sequence AS given (unit, last_seq) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (unit) DO UPDATE SET last_seq = greatest(given.last_seq, excluded.last_seq);

-- name: behind_until
-- Up to where the database is behind the log; null when it is not.
SELECT until FROM intake.log_position;
