-- Statements of erasures.

-- name: erasure_targets
-- The events that requests name ($1), and those of the requests that are settled ($2), with their units and whether they
-- are of a finding of severity 4.
WITH target AS (
    SELECT id AS event, convert_from(answer, 'UTF8')::jsonb ->> 'unit' AS unit FROM intake.write WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT event, unit FROM intake.erasure WHERE id = ANY($2::uuid[])
)
SELECT event::text, unit, EXISTS (
    SELECT FROM intake.finding WHERE severity = 4 AND NOT released
      AND id = coalesce((SELECT finding FROM intake.case_step WHERE case_step.event = target.event), target.event)
) AS kept
FROM target;

-- name: erasures
-- All requests to erase parts of these events, read after their units are locked.
SELECT id::text, event::text, unit, parts, requester, state FROM intake.erasure WHERE event = ANY($1::uuid[]);

-- name: store_erasures
-- New requests to erase parts; the parts come as one JSON list each, for arrays of arrays must be rectangular.
INSERT INTO intake.erasure (id, event, unit, parts, requester, requested_at, state)
SELECT id, event, unit, ARRAY(SELECT jsonb_array_elements_text(parts)), requester, $6, 'requested'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::text[]) AS asked(id, event, unit, parts, requester);

-- name: settle_erasures
-- Requests that were approved or refused.
UPDATE intake.erasure SET state = given.state, settlement = given.settlement, settled_at = $4
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS given(id, state, settlement)
WHERE erasure.id = given.id;

-- name: erase_parts
-- Destroy these parts' data keys, and what was sealed with them.
UPDATE intake.vault_part SET wrapped_key = NULL, sealed = NULL, erased_at = $3
FROM unnest($1::uuid[], $2::text[]) AS gone(event_id, grp)
WHERE vault_part.event_id = gone.event_id AND vault_part.grp = gone.grp;

-- name: forget_photos
-- Take what is erased of these findings' photos out of their manifests too: a hash tells a photo from all others.
UPDATE intake.finding
SET photos = (
    SELECT jsonb_agg(CASE WHEN erased_at IS NULL THEN photo ELSE '{}' END ORDER BY place)
    FROM jsonb_array_elements(photos) WITH ORDINALITY AS listed(photo, place)
    LEFT JOIN intake.vault_part ON event_id = finding.id AND grp = 'photo.' || place
)
WHERE id = ANY($1::uuid[]);

-- name: drop_photos
-- Destroy these photos with their data keys, also those of which only parts have come.
WITH parts AS (
    DELETE FROM intake.vault_upload_part
    USING unnest($1::uuid[], $2::smallint[]) AS gone(finding, place)
    WHERE vault_upload_part.target = gone.finding AND vault_upload_part.place = gone.place
)
DELETE FROM intake.vault_photo
USING unnest($1::uuid[], $2::smallint[]) AS gone(finding, place)
WHERE vault_photo.finding = gone.finding AND vault_photo.place = gone.place;

-- name: drop_files
-- Destroy these files of writes with their data keys, what has come of them in parts, and their hashes.
WITH parts AS (
    DELETE FROM intake.vault_upload_part
    USING unnest($1::uuid[], $2::smallint[]) AS gone(write, place)
    WHERE vault_upload_part.target = gone.write AND vault_upload_part.place = gone.place
)
UPDATE intake.vault_file SET wrapped_key = NULL, sealed = NULL, sha256 = NULL, stored_at = NULL
FROM unnest($1::uuid[], $2::smallint[]) AS gone(write, place)
WHERE vault_file.write = gone.write AND vault_file.place = gone.place;

-- name: forget_minutes
-- Parts of these closings are erased: the hashes of minutes that told them lose their salt.
UPDATE intake.minutes_issue SET salt = NULL
FROM intake.inspection WHERE inspection.id = minutes_issue.inspection 
  AND (inspection.closing = ANY($1::uuid[]) OR inspection.correction = ANY($1::uuid[]));

-- name: erasures_listed
-- A page of the requests to erase parts, newest first, with the answer to the write that they are about; those about
-- severity 4 are kept from who heads the unit ($5, $6). With what is sought in units and in who asked, where asked ($8).
SELECT erasure.id::text, event::text, unit, parts, requester, requested_at, state, settlement::text, settled_at, write.answer
FROM intake.erasure JOIN intake.write ON write.id = erasure.event
WHERE erasure.id < $1 AND ($2::text IS NULL OR state = $2) AND ($3 OR unit = ANY($4::text[]))
  AND NOT (($5 OR unit = ANY($6::text[])) AND EXISTS (
      SELECT FROM intake.finding WHERE severity = 4 AND NOT released
        AND id = coalesce((SELECT finding FROM intake.case_step WHERE case_step.event = erasure.event), erasure.event)))
  AND ($8::jsonb IS NULL OR NOT EXISTS (
      SELECT FROM jsonb_to_recordset($8) AS word(text text, units text[])
      WHERE NOT (unit = ANY(word.units) OR strpos(lower(requester), word.text) > 0)))
ORDER BY erasure.id DESC LIMIT $7;
