-- Statements of the embedded stream, the relay and the positions.

-- name: publish
-- Append records to a topic, in order.
SELECT stream.publish($1, $2::text[], $3::bytea[], $4::text[]);

-- name: open_topic
-- Register a consumer; which incarnation and offsets the topic holds.
SELECT incarnation, low, "end" FROM stream.open($1, $2);

-- name: fetch
-- The topic's incarnation and end in the first row; then the records from an offset on.
SELECT incarnation, "end", "offset", key, value, headers FROM stream.fetch($1, $2, $3);

-- name: hint
-- Note how far a consumer is, and trim.
SELECT stream.hint($1, $2, $3, $4);

-- name: hinted
-- The last hint of a consumer.
SELECT hint, passed FROM stream.hinted($1, $2);

-- name: outbox_after
-- Rows above an id, to be sent for the first time.
SELECT id, unit, bytes, traceparent, tracestate, barrier FROM intake.outbox
WHERE id > $1 AND refused IS NULL ORDER BY id LIMIT $2;

-- name: outbox_rows
-- Rows by their ids, to be sent again.
SELECT id, unit, bytes, traceparent, tracestate, barrier FROM intake.outbox
WHERE id = ANY($1::bigint[]) AND refused IS NULL ORDER BY id;

-- name: outbox_oldest
-- What the oldest rows are; a refused one stays until somebody has dealt with it.
SELECT id, unit, barrier, refused IS NOT NULL AS refused FROM intake.outbox ORDER BY id LIMIT $1;

-- name: outbox_depth
-- How many rows wait for their receipt, and the oldest one's age in seconds.
SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(accepted_at)), 0)::float8 AS age FROM intake.outbox;

-- name: take_relay_lock
-- Become the one active relay of a topic, until the session ends.
SELECT pg_try_advisory_lock(hashtextextended('kycuong relay ' || $1, 0));

-- name: load_position
-- Where a consumer stands. {schema} is the service's own.
SELECT incarnation, next_offset FROM {schema}.stream_position WHERE topic = $1;

-- name: first_position
-- Take the first step of a topic; no row when another consumer took it.
INSERT INTO {schema}.stream_position (topic, incarnation, next_offset) VALUES ($1, $2, $3)
ON CONFLICT (topic) DO NOTHING RETURNING topic;

-- name: move_position
-- Move on from exactly the stored position; no row when another consumer has moved it.
UPDATE {schema}.stream_position SET incarnation = $4, next_offset = $5
WHERE topic = $1 AND incarnation = $2 AND next_offset = $3 RETURNING topic;

-- name: bury
-- Put a record that can never be processed aside, raw, with its error; once, though the position were set back.
INSERT INTO {schema}.dead_letter (topic, incarnation, stream_offset, key, bytes, headers, error)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;
