-- Statements of notices.

-- name: posts
-- Who held a post at these units, or over the province as reviewer or lead, at some time between two instants.
SELECT account, role, unit, valid_from, valid_to FROM identity.post
WHERE (unit = ANY($1::text[]) OR unit IS NULL) AND role IN ('unit_head', 'reviewer', 'lead')
  AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $2);

-- name: all_posts
-- Who ever held a post at a unit, or over the province as reviewer or lead.
SELECT account, role, unit, valid_from, valid_to FROM identity.post WHERE role IN ('unit_head', 'reviewer', 'lead');

-- name: told
-- The notices of these inspections from which further ones follow: of their findings, of a release, of the voiding.
SELECT id::text, inspection::text, finding::text, event::text, kind, account, created_at, due, listed FROM reports.notice
WHERE inspection = ANY($1::uuid[]) AND kind IN ('findings', 'release', 'voiding') ORDER BY index, number;

-- name: move_notices
-- Notices that a late finding joined.
UPDATE reports.notice SET due = now.due, index = now.index, number = now.number
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[]) AS now(id, due, index, number)
WHERE notice.id = now.id;

-- name: relist
-- Notices that list another number of findings than before.
UPDATE reports.notice SET listed = now.listed FROM unnest($1::uuid[], $2::int[]) AS now(id, listed)
WHERE notice.id = now.id;

-- name: wake
-- Tell every process that serves inboxes that there is something new, once this transaction is in.
SELECT pg_notify('kycuong_notices', '');

-- name: counted
-- What counts by now of some codes in some units.
SELECT finding::text, inspection::text, counted.unit, counted.code, quarter FROM reports.counted
JOIN unnest($1::text[], $2::text[]) AS asked(unit, code) ON asked.unit = counted.unit AND asked.code = counted.code;

-- name: often
-- Of some entries those by whose time a unit was inspected at most so many times in some quarters, what was voided left
-- out: no more are looked at.
SELECT entry FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::int[]) AS asked(entry, of, quarters, time, most)
WHERE (SELECT count(*) FROM (
    SELECT FROM reports.inspection
    WHERE unit = of AND quarter = ANY(string_to_array(quarters, ' ')) AND closed_at IS NOT NULL AND NOT voided AND closed_at COLLATE "C" <= time
    LIMIT greatest(most + 1, 0)) AS visit) <= most;

-- name: uncount
-- What counts no more.
DELETE FROM reports.counted WHERE finding = ANY($1::uuid[]);

-- name: count
-- What counts now.
INSERT INTO reports.counted (finding, inspection, unit, code, quarter)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING;
