-- Statements of reading.

-- name: who_asks
-- The session of a token hash that is valid now with its appointments, as in rights_of_tokens; and with each row, or without
-- one, the number of the last change of the unit tree, how many calendars there are; and, where asked ($2), how many events
-- are stored and how many entries of the log were taken in: with those findings are drawn for a second review.
SELECT token_hash, account, kind, expires_at, role, unit, valid_from, valid_to, carried, reads, version, calendars,
       CASE WHEN $2 THEN (SELECT sum(last_seq)::bigint FROM intake.unit_sequence) + (SELECT size FROM intake.log_position) END AS events
FROM intake.directory LEFT JOIN identity.rights ON token_hash = $1 AND expires_at > now();

-- name: note_reading
-- Who opened a private part of a finding or an inspection.
INSERT INTO intake.vault_read (account, role, finding, inspection, reason, read_at, part) VALUES ($1, $2, $3, $4, $5, $6, $7);
