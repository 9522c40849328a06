-- Statements of evidence: photos, files to a write, and the parts that both come in.

-- name: photo_wanted
-- Whether a finding's manifest names these bytes at this place, and they are not kept yet.
SELECT 1 FROM intake.finding
WHERE id = $1 AND photos -> ($2::int - 1) ->> 'sha256' = $3
  AND NOT EXISTS (SELECT FROM intake.vault_photo WHERE vault_photo.finding = $1 AND place = $2);

-- name: photo_kept
-- How many bytes of a photo there are: all of one that is kept.
SELECT (photos -> ($2::int - 1) ->> 'bytes')::int FROM intake.finding JOIN intake.vault_photo ON vault_photo.finding = id
WHERE id = $1 AND place = $2;

-- name: lock_upload
-- Against another part of the same file being kept at the same time.
SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0));

-- name: received
-- How many bytes of a file an account has brought, in how many parts.
SELECT coalesce(sum(size), 0)::int AS received, count(*) AS parts FROM intake.vault_upload_part
WHERE target = $1 AND place = $2 AND account = $3;

-- name: keep_part
-- A further part of a file.
INSERT INTO intake.vault_upload_part (target, place, account, start, size, wrapped_key, sealed, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: parts
-- What an account has brought of a file, in order.
SELECT start, wrapped_key, sealed FROM intake.vault_upload_part
WHERE target = $1 AND place = $2 AND account = $3 ORDER BY start;

-- name: drop_parts
-- Parts that made no file of the manifest: it has to come anew.
DELETE FROM intake.vault_upload_part WHERE target = $1 AND place = $2 AND account = $3;

-- name: sweep_parts
-- Parts of files of which nothing more has come since an instant.
DELETE FROM intake.vault_upload_part AS old
USING (SELECT target, place, account FROM intake.vault_upload_part GROUP BY target, place, account HAVING max(received_at) < $1) AS left_off
WHERE (old.target, old.place, old.account) = (left_off.target, left_off.place, left_off.account);

-- name: photo
-- One kept photo, and what its newest redaction covers.
SELECT wrapped_key, sealed, (
    SELECT boxes FROM intake.photo_redaction AS cover
    WHERE cover.finding = vault_photo.finding AND cover.place = vault_photo.place ORDER BY n DESC LIMIT 1) AS boxes
FROM intake.vault_photo WHERE finding = $1 AND place = $2;

-- name: redact_photos
-- Further redactions of photos, each after those that there are.
INSERT INTO intake.photo_redaction (event, finding, place, boxes)
SELECT event, finding, place, boxes
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::jsonb[]) WITH ORDINALITY AS new(event, finding, place, boxes, position)
ORDER BY position ON CONFLICT DO NOTHING;

-- name: store_photos
-- New photos; what came of them in parts is wanted no more.
WITH parts AS (
    DELETE FROM intake.vault_upload_part
    USING unnest($1::uuid[], $2::smallint[]) AS whole(finding, place)
    WHERE vault_upload_part.target = whole.finding AND vault_upload_part.place = whole.place
)
INSERT INTO intake.vault_photo (finding, place, wrapped_key, sealed, commitment, stored_at)
SELECT finding, place, wrapped_key, sealed, commitment, $6
FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS new(finding, place, wrapped_key, sealed, commitment);

-- name: declare_files
-- The files that writes name; what is not there yet comes later.
INSERT INTO intake.vault_file (write, place, finding, noun, sha256, size, type)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[]);

-- name: files_of_writes
-- The files that these writes name, and which are held; of an erased one the hash is gone.
SELECT write::text, place, finding::text, noun, sha256, size, type, stored_at IS NOT NULL AS held
FROM intake.vault_file WHERE write = ANY($1::uuid[]);

-- name: file_wanted
-- The type of a file that a write names at this place, if these are its bytes and it is not held yet.
SELECT type FROM intake.vault_file WHERE write = $1 AND place = $2 AND sha256 = $3 AND stored_at IS NULL;

-- name: file_kept
-- How many bytes a file has that is held.
SELECT size FROM intake.vault_file WHERE write = $1 AND place = $2 AND stored_at IS NOT NULL;

-- name: store_files
-- Files that came; what of them came in parts is wanted no more.
WITH parts AS (
    DELETE FROM intake.vault_upload_part
    USING unnest($1::uuid[], $2::smallint[]) AS whole(write, place)
    WHERE vault_upload_part.target = whole.write AND vault_upload_part.place = whole.place
)
UPDATE intake.vault_file SET wrapped_key = came.wrapped_key, sealed = came.sealed, stored_at = $5
FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[]) AS came(write, place, wrapped_key, sealed)
WHERE vault_file.write = came.write AND vault_file.place = came.place;

-- name: file
-- One held file of a write about a finding.
SELECT wrapped_key, sealed, type FROM intake.vault_file
WHERE finding = $1 AND noun = $2 AND write = $3 AND place = $4 AND sealed IS NOT NULL;
