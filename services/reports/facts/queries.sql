-- Statements of the facts: inspections, findings, commendations, surveys as the log tells them.

-- name: inspections
-- Inspections by id.
SELECT id::text, unit, quarter, opened_on, opened_index, kind, selection, team, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at, voided
FROM reports.inspection WHERE id = ANY($1::uuid[]);

-- name: change_inspections
-- Write what may have changed of inspections.
UPDATE reports.inspection SET
    team = now.team, closed_at = now.closed_at, persons_checked = now.persons_checked, files_checked = now.files_checked,
    acknowledged_index = now.acknowledged_index, acknowledged_at = now.acknowledged_at, voided = now.voided
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::text[], $8::boolean[])
    AS now(id, team, closed_at, persons_checked, files_checked, acknowledged_index, acknowledged_at, voided)
WHERE inspection.id = now.id;

-- name: findings
-- Of which catalogue findings are.
SELECT id::text, catalogue FROM reports.finding WHERE id = ANY($1::uuid[]);

-- name: change_findings
-- Write what may have changed of findings.
UPDATE reports.finding SET
    code = now.code, catalogue = now.catalogue, severity = now.severity, count = now.count, accepted = now.accepted,
    lapsed = now.lapsed, outcome = now.outcome, withdrawn = now.withdrawn, contested = now.contested,
    released_index = now.released_index, first_outcome = now.first_outcome, again = now.again,
    second_outcome = now.second_outcome, in_time = now.in_time, done = now.done, refusals = now.refusals,
    overdues = now.overdues, gated = now.gated
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::boolean[], $7::boolean[], $8::text[],
            $9::boolean[], $10::boolean[], $11::bigint[], $12::text[], $13::boolean[], $14::text[], $15::boolean[],
            $16::boolean[], $17::smallint[], $18::smallint[], $19::boolean[])
    AS now(id, code, catalogue, severity, count, accepted, lapsed, outcome, withdrawn, contested, released_index,
           first_outcome, again, second_outcome, in_time, done, refusals, overdues, gated)
WHERE finding.id = now.id;

-- name: add_commendations
-- Keep commendations.
INSERT INTO reports.commendation (id, unit, quarter, code, index)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[]);

-- name: findings_of
-- All findings of some inspections.
SELECT id::text, inspection::text, code, catalogue, severity, count, index, accepted, lapsed, outcome, withdrawn, contested,
       released_index, first_outcome, again, second_outcome, in_time, done, refusals, overdues, gated
FROM reports.finding WHERE inspection = ANY($1::uuid[]) ORDER BY index;

-- name: closed_inspections_of
-- The inspections of some cards that are closed and not voided, in log order.
SELECT id::text, unit, quarter, opened_on, opened_index, kind, selection, team, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at, voided
FROM unnest($1::text[], $2::text[]) AS wanted(quarter, unit)
JOIN reports.inspection USING (quarter, unit)
WHERE closed_at IS NOT NULL AND NOT voided
ORDER BY opened_index;

-- name: commendations_of
-- The commendations of some cards, in log order.
SELECT unit, quarter, code
FROM unnest($1::text[], $2::text[]) AS wanted(quarter, unit)
JOIN reports.commendation USING (quarter, unit)
ORDER BY index;

-- name: put_surveys
-- Write what the last survey of each source counted.
INSERT INTO reports.survey (unit, quarter, source, asked, answered, satisfied, index)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::bigint[])
ON CONFLICT (quarter, unit, source) DO UPDATE SET
    asked = excluded.asked, answered = excluded.answered, satisfied = excluded.satisfied, index = excluded.index;

-- name: surveys_of
-- The surveys of some cards, by source.
SELECT unit, quarter, source, asked, answered, satisfied, index
FROM unnest($1::text[], $2::text[]) AS wanted(quarter, unit)
JOIN reports.survey USING (quarter, unit)
ORDER BY source COLLATE "C";

-- name: active_units
-- The units with a closed inspection or a commendation in a quarter.
SELECT unit FROM reports.inspection WHERE quarter = $1 AND closed_at IS NOT NULL AND NOT voided
UNION
SELECT unit FROM reports.commendation WHERE quarter = $1;
