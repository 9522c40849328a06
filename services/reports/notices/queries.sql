-- Statements of notices.

-- name: posts
-- Who held a post at these units, or over the province as reviewer or lead, at some time between two instants.
SELECT account, role, unit, valid_from, valid_to FROM identity.post
WHERE (unit = ANY($1::text[]) OR unit IS NULL) AND role IN ('unit_head', 'reviewer', 'lead')
  AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $2);

-- name: severities
-- How grave these findings are, which inspection they are of, and whether they were withdrawn.
SELECT id::text, inspection::text, severity, withdrawn FROM reports.finding
WHERE id = ANY($1::uuid[]) OR inspection = ANY($2::uuid[]);

-- name: released
-- Which of these findings, or of these inspections', the unit was told of by their release.
SELECT DISTINCT finding::text FROM reports.notice
WHERE kind = 'release' AND (finding = ANY($1::uuid[]) OR inspection = ANY($2::uuid[]));

-- name: told
-- The notices of the findings of these inspections.
SELECT inspection::text, event::text, account, created_at, due FROM reports.notice
WHERE inspection = ANY($1::uuid[]) AND kind = 'findings' ORDER BY index, number;

-- name: put_notices
-- New notices; one that a late finding joins moves.
INSERT INTO reports.notice (id, event, kind, account, unit, inspection, finding, created_at, due, index, number)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[],
                     $9::text[], $10::bigint[], $11::int[])
ON CONFLICT (id) DO UPDATE SET due = excluded.due, index = excluded.index, number = excluded.number;

-- name: count_listed
-- How many findings the notices of these inspections list: neither withdrawn nor kept from the unit; none once voided.
UPDATE reports.notice SET listed = now.listed
FROM (
    SELECT asked.inspection, count(finding.id) FILTER (WHERE NOT finding.withdrawn AND (
               finding.severity BETWEEN 1 AND 3
               OR EXISTS (SELECT FROM reports.notice AS release
                          WHERE release.inspection = asked.inspection AND release.finding = finding.id
                            AND release.kind = 'release')
           ) AND NOT EXISTS (SELECT FROM reports.notice AS voiding
                             WHERE voiding.inspection = asked.inspection AND voiding.kind = 'voiding')) AS listed
    FROM unnest($1::uuid[]) AS asked(inspection) LEFT JOIN reports.finding ON finding.inspection = asked.inspection
    GROUP BY asked.inspection
) AS now
WHERE notice.inspection = now.inspection AND notice.kind = 'findings' AND notice.listed <> now.listed;

-- name: wake
-- Tell every process that serves inboxes that there is something new, once this transaction is in.
SELECT pg_notify('kycuong_notices', '');

-- name: tallied
-- What these findings would count as in their units, and how grave they are.
SELECT finding.id::text AS finding, finding.inspection::text, unit, code, quarter, severity
FROM reports.finding JOIN reports.inspection ON inspection.id = finding.inspection
WHERE finding.id = ANY($1::uuid[]) AND severity BETWEEN 1 AND 3;

-- name: counted
-- What counts by now of some codes in some units.
SELECT finding::text, inspection::text, counted.unit, counted.code, quarter FROM reports.counted
JOIN unnest($1::text[], $2::text[]) AS asked(unit, code) ON asked.unit = counted.unit AND asked.code = counted.code;

-- name: visits
-- The closed inspections of some units.
SELECT unit, quarter, closed_at FROM reports.inspection WHERE unit = ANY($1::text[]) AND closed_at IS NOT NULL;

-- name: uncount
-- What counts no more.
DELETE FROM reports.counted WHERE finding = ANY($1::uuid[]);

-- name: count
-- What counts now.
INSERT INTO reports.counted (finding, inspection, unit, code, quarter)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING;
