-- Statements of the facts: inspections, findings, commendations, surveys as the log tells them.

-- name: inspections
-- Inspections by id.
SELECT id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at, voided, kind, selection, team
FROM reports.inspection WHERE id = ANY($1::uuid[]);

-- name: put_inspections
-- Write inspections as they now stand.
INSERT INTO reports.inspection (id, unit, quarter, opened_on, opened_index, kind, selection, team, closed_at,
                                persons_checked, files_checked, acknowledged_index, acknowledged_at, voided)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::bigint[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::int[], $11::int[], $12::bigint[], $13::text[], $14::boolean[])
ON CONFLICT (id) DO UPDATE SET
    team = excluded.team, closed_at = excluded.closed_at, persons_checked = excluded.persons_checked, files_checked = excluded.files_checked,
    acknowledged_index = excluded.acknowledged_index, acknowledged_at = excluded.acknowledged_at,
    voided = excluded.voided;

-- name: findings
-- Findings by id.
SELECT id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome, withdrawn, contested,
       released_index, first_outcome, again, second_outcome, in_time, done, refusals, overdues, gated
FROM reports.finding WHERE id = ANY($1::uuid[]);

-- name: put_findings
-- Write findings as they now stand.
INSERT INTO reports.finding (id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome,
                             withdrawn, contested, released_index, first_outcome, again, second_outcome, in_time, done,
                             refusals, overdues, gated)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::int[], $7::bigint[],
                     $8::boolean[], $9::boolean[], $10::text[], $11::boolean[], $12::boolean[], $13::bigint[],
                     $14::text[], $15::boolean[], $16::text[], $17::boolean[], $18::boolean[], $19::smallint[],
                     $20::smallint[], $21::boolean[])
ON CONFLICT (id) DO UPDATE SET
    code = excluded.code, catalogue = excluded.catalogue, severity = excluded.severity, count = excluded.count,
    accepted = excluded.accepted, lapsed = excluded.lapsed, outcome = excluded.outcome, withdrawn = excluded.withdrawn,
    contested = excluded.contested, released_index = excluded.released_index, first_outcome = excluded.first_outcome,
    again = excluded.again, second_outcome = excluded.second_outcome, in_time = excluded.in_time,
    done = excluded.done, refusals = excluded.refusals, overdues = excluded.overdues, gated = excluded.gated;

-- name: add_commendations
-- Keep commendations.
INSERT INTO reports.commendation (id, unit, quarter, code, index)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[]);

-- name: findings_of
-- All findings of some inspections.
SELECT id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome, withdrawn, contested,
       released_index, first_outcome, again, second_outcome, in_time, done, refusals, overdues, gated
FROM reports.finding WHERE inspection = ANY($1::uuid[]) ORDER BY index;

-- name: closed_inspections_of
-- The inspections of some cards that are closed and not voided, in log order.
SELECT id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at, voided, kind, selection, team
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
