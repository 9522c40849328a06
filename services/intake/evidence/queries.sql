-- Statements of evidence: photos and their parts.

-- name: photo_wanted
-- Whether a finding's manifest names these bytes at this place, and they are not kept yet.
SELECT 1 FROM intake.finding
WHERE id = $1 AND photos -> ($2::int - 1) ->> 'sha256' = $3
  AND NOT EXISTS (SELECT FROM intake.vault_photo WHERE vault_photo.finding = $1 AND place = $2);

-- name: lock_photo
-- Against another part of a photo of this finding being kept at the same time.
SELECT 1 FROM intake.finding WHERE id = $1 FOR NO KEY UPDATE;

-- name: photo_received
-- How many bytes of a photo an account has brought, in how many parts; all of one that is kept.
SELECT CASE WHEN kept.finding IS NULL THEN coalesce(sum(part.size), 0) ELSE (photos -> ($2::int - 1) ->> 'bytes')::int END AS received,
       count(part.start) AS parts
FROM intake.finding
LEFT JOIN intake.vault_photo AS kept ON kept.finding = finding.id AND kept.place = $2
LEFT JOIN intake.vault_photo_part AS part ON part.finding = finding.id AND part.place = $2 AND part.account = $3
WHERE finding.id = $1 GROUP BY finding.id, kept.finding;

-- name: keep_photo_part
-- A further part of a photo.
INSERT INTO intake.vault_photo_part (finding, place, account, start, size, wrapped_key, sealed, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: photo_parts
-- What an account has brought of a photo, in order.
SELECT start, wrapped_key, sealed FROM intake.vault_photo_part
WHERE finding = $1 AND place = $2 AND account = $3 ORDER BY start;

-- name: drop_photo_parts
-- Parts that made no photo of the manifest: it has to come anew.
DELETE FROM intake.vault_photo_part WHERE finding = $1 AND place = $2 AND account = $3;

-- name: sweep_photo_parts
-- Parts of photos of which nothing more has come since an instant.
DELETE FROM intake.vault_photo_part AS old
USING (SELECT finding, place, account FROM intake.vault_photo_part GROUP BY finding, place, account HAVING max(received_at) < $1) AS left_off
WHERE (old.finding, old.place, old.account) = (left_off.finding, left_off.place, left_off.account);

-- name: photo
-- One kept photo.
SELECT wrapped_key, sealed FROM intake.vault_photo WHERE finding = $1 AND place = $2;

-- name: store_photos
-- New photos; what came of them in parts is wanted no more.
WITH parts AS (
    DELETE FROM intake.vault_photo_part
    USING unnest($1::uuid[], $2::smallint[]) AS whole(finding, place)
    WHERE vault_photo_part.finding = whole.finding AND vault_photo_part.place = whole.place
)
INSERT INTO intake.vault_photo (finding, place, wrapped_key, sealed, commitment, stored_at)
SELECT finding, place, wrapped_key, sealed, commitment, $6
FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS new(finding, place, wrapped_key, sealed, commitment);
