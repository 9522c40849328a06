-- Statements of rounds, their draws and assignments.

-- name: rounds_by_id
-- Rounds as the rules need them ($1), and every open one when somebody plans ($2); read after `-` is locked.
SELECT id::text, kind, first, last, strata::text, chosen::text, beacon::text, planner, state, value, told_at, drawn::text
FROM intake.round WHERE id = ANY($1::uuid[]) OR ($2 AND state = 'open');

-- name: assignments_by_id
-- Assignments as the rules need them, and whether their rounds are open.
SELECT assignment.id::text, round::text, unit, opener, team, assignment.first, assignment.last, round.state = 'open' AS open
FROM intake.assignment JOIN intake.round ON round.id = assignment.round WHERE assignment.id = ANY($1::uuid[]);

-- name: store_rounds
-- New rounds.
INSERT INTO intake.round (id, kind, first, last, strata, chosen, beacon, planner, state, basis, exclude, replaces, candidates, planned_at)
SELECT id, kind, first, last, strata, chosen, beacon, planner, 'open', basis, ARRAY(SELECT jsonb_array_elements_text(exclude)),
       replaces, candidates, planned_at
FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::jsonb[], $6::json[], $7::jsonb[], $8::text[], $9::text[],
            $10::jsonb[], $11::uuid[], $12::jsonb[], $13::timestamptz[])
    AS planned(id, kind, first, last, strata, chosen, beacon, planner, basis, exclude, replaces, candidates, planned_at)
ON CONFLICT (id) DO NOTHING;

-- name: update_rounds
-- What became of rounds.
UPDATE intake.round
SET state = changed.state, value = changed.value, told_at = changed.told_at, drawn = changed.drawn
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::jsonb[]) AS changed(id, state, value, told_at, drawn)
WHERE round.id = changed.id;

-- name: store_assignments
-- New assignments; teams come as one JSON list each, for arrays of arrays must be rectangular.
INSERT INTO intake.assignment (id, round, unit, opener, team, first, last, assigned_at)
SELECT id, round, unit, opener, ARRAY(SELECT jsonb_array_elements_text(team)), first, last, assigned_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::date[], $7::date[], $8::timestamptz[])
    AS assigned(id, round, unit, opener, team, first, last, assigned_at)
ON CONFLICT (id) DO NOTHING;

-- name: rounds_logged
-- The log holds these plans: at which index, and the root of its entries up to and with it.
UPDATE intake.round SET idx = given.idx, root = given.root
FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS given(id, idx, root)
WHERE round.id = given.id AND round.idx IS NULL;

-- name: rounds_to_draw
-- Open rounds whose plan is in the log, whose beacon, if they have one, is told, and whose candidates were not lost in a
-- restore; `-` is locked.
SELECT id::text, strata::text, candidates::text, idx, root, coalesce(value, '') AS value, coalesce(told_at, planned_at) AS caused_at
FROM intake.round
WHERE state = 'open' AND drawn IS NULL AND idx IS NOT NULL AND (beacon IS NULL OR value IS NOT NULL)
  AND jsonb_array_length(candidates) = jsonb_array_length(strata)
ORDER BY idx;

-- name: mark_drawn
-- A round is drawn.
UPDATE intake.round SET drawn = $2::jsonb WHERE id = $1;

-- name: unannounced_open
-- Whether an unannounced round is open: then nobody outside may read the log's entries.
SELECT EXISTS (SELECT FROM intake.round WHERE state = 'open' AND kind = 'unannounced');

-- name: rounds
-- Rounds from one id on ($1) and before another ($2), newest first.
SELECT id::text, kind, basis, first, last, strata::text, exclude, chosen::text, beacon::text, replaces::text, state, value, planner,
       planned_at, idx, encode(root, 'hex') AS root, drawn::text, candidates::text,
       (SELECT later.id::text FROM intake.round AS later WHERE later.replaces = round.id) AS replaced_by
FROM intake.round WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3;

-- name: assignments_of
-- The assignments of these rounds in order, each with the first inspection on it that was not voided.
SELECT assignment.id::text, round::text, assignment.unit, opener, team, first, last, used.id::text AS inspection,
       coalesce(used.state <> 'open', false) AS inspected
FROM intake.assignment LEFT JOIN LATERAL (
    SELECT inspection.id, inspection.state FROM intake.inspection
    WHERE inspection.assignment = assignment.id AND inspection.state <> 'voided' ORDER BY received_at, id LIMIT 1
) AS used ON true
WHERE round = ANY($1::uuid[]) ORDER BY assignment.id;

-- name: assignments_for
-- An account's assignments of open rounds, each with the first inspection on it that was not voided.
SELECT assignment.id::text, assignment.unit, assignment.opener, assignment.team, assignment.first, assignment.last, kind, basis,
       chosen ->> assignment.unit AS selection, used.id::text AS inspection
FROM intake.assignment JOIN intake.round ON round.id = assignment.round AND round.state = 'open' LEFT JOIN LATERAL (
    SELECT inspection.id FROM intake.inspection
    WHERE inspection.assignment = assignment.id AND inspection.state <> 'voided' ORDER BY received_at, inspection.id LIMIT 1
) AS used ON true
WHERE assignment.team @> ARRAY[$1::text]
ORDER BY assignment.first, assignment.id;

-- name: inspected_units
-- The units with an inspection that counts, opened between two instants.
SELECT DISTINCT unit FROM intake.inspection
WHERE opened_at >= $1 AND opened_at < $2 AND state NOT IN ('open', 'voided');
