-- Statements of reading.

-- name: note_reading
-- Who opened a private part of a finding or an inspection.
INSERT INTO intake.vault_read (account, role, finding, inspection, reason, read_at, part) VALUES ($1, $2, $3, $4, $5, $6, $7);
