-- name: log_keys
-- Which of these keys the log was told of.
SELECT vkey FROM intake.log_key WHERE vkey = ANY($1::text[]);

-- name: store_log_keys
-- Keys that the log is told of.
INSERT INTO intake.log_key (vkey, id, added_at) SELECT vkey, id, $3 FROM unnest($1::text[], $2::uuid[]) AS new(vkey, id);
