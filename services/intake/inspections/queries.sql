-- Statements of inspections.

-- name: units_of_inspections
-- The units of these inspections: they never change.
SELECT id::text, unit FROM intake.inspection WHERE id = ANY($1::uuid[]);

-- name: inspections_by_id
-- Inspections as the rules need them, read after their units are locked.
SELECT id::text, unit, quarter, catalogue, opener, team, opened_at, state, closing::text, closed_at, reply_due, acknowledged,
       correction::text, former
FROM intake.inspection WHERE id = ANY($1::uuid[]);

-- name: store_inspections
-- New inspections; teams come as one JSON list each, for arrays of arrays must be rectangular.
INSERT INTO intake.inspection (id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener, team, received_at, state,
                               impartial, assignment)
SELECT id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener,
       ARRAY(SELECT jsonb_array_elements_text(team)), received_at, 'open', impartial, assignment
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
            $9::text[], $10::jsonb[], $11::timestamptz[], $12::boolean[], $13::uuid[])
    AS opened(id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener, team, received_at, impartial, assignment);

-- name: update_inspections
-- What became of inspections.
UPDATE intake.inspection
SET state = changed.state, closing = changed.closing, closed_at = changed.closed_at,
    roll = coalesce(changed.roll, inspection.roll), reply_due = changed.reply_due, acknowledged = changed.acknowledged,
    correction = changed.correction, team = ARRAY(SELECT jsonb_array_elements_text(changed.team)), former = changed.former
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::jsonb[], $6::timestamptz[], $7::boolean[], $8::uuid[],
            $9::jsonb[], $10::jsonb[])
    AS changed(id, state, closing, closed_at, roll, reply_due, acknowledged, correction, team, former)
WHERE inspection.id = changed.id;

-- name: inspections
-- From one id on ($1) and before another ($2) the inspections a caller ($4) may read, newest first: of his whole reach
-- ($5, $6), and of his own teams ($7, $8). How many findings each has, and how many wait for a reply or a decision; what is
-- kept from the head of a unit ($9, $10) left out. Of one unit, one state, his own, one stage, with what is sought where
-- asked ($11 to $15).
SELECT id::text, unit, kind, basis, opened_at, quarter, catalogue, opener, team, received_at, state, closed_at, roll, reply_due,
       acknowledged, coalesce(correction, closing)::text AS closing, correction::text, impartial, row_to_json(found)::text AS found
FROM intake.inspection CROSS JOIN LATERAL intake.found_at(id, $9, $10) AS found
WHERE id >= $1 AND id < $2
  AND ($5 OR unit = ANY($6::text[]) OR (team @> ARRAY[$4::text] AND ($7 OR unit = ANY($8::text[]))))
  AND ($11::text IS NULL OR unit = $11) AND ($12::text IS NULL OR state = $12) AND (NOT $13 OR team @> ARRAY[$4::text])
  AND ($14::text IS NULL OR CASE $14
       WHEN 'open' THEN state = 'open' WHEN 'reply' THEN state = 'closed' AND found.reply > 0
       WHEN 'decision' THEN state = 'closed' AND found.decision > 0 ELSE state = 'voided' OR state = 'closed' AND found.reply + found.decision = 0 END)
  AND ($15::jsonb IS NULL OR NOT EXISTS (
      SELECT FROM jsonb_to_recordset($15) AS word(text text, units text[], codes text[])
      WHERE NOT (unit = ANY(word.units) OR strpos(translate(lower(basis), 'đ', 'd'), word.text) > 0 OR EXISTS (
          SELECT FROM intake.finding WHERE finding.inspection = inspection.id AND code = ANY(word.codes)
            AND NOT (severity = 4 AND NOT released AND ($9 OR finding.unit = ANY($10::text[])))))))
ORDER BY id DESC LIMIT $3;

-- name: some_inspections
-- Those of some inspections ($1) that a caller ($2) may read ($3 to $8), as in inspections: for lists, whose statement is
-- planned once.
SELECT id::text, unit, kind, basis, opened_at, quarter, catalogue, opener, team, received_at, state, closed_at, roll, reply_due,
       acknowledged, coalesce(correction, closing)::text AS closing, correction::text, impartial, row_to_json(found)::text AS found
FROM intake.inspection CROSS JOIN LATERAL intake.found_at(id, $7, $8) AS found
WHERE id = ANY($1::uuid[])
  AND ($3 OR unit = ANY($4::text[]) OR (team @> ARRAY[$2::text] AND ($5 OR unit = ANY($6::text[]))));
