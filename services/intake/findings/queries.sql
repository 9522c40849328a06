-- Statements of findings.

-- name: places_of_findings
-- The unit and inspection of these findings: they never change.
SELECT id::text, unit, inspection::text FROM intake.finding WHERE id = ANY($1::uuid[]);

-- name: insert_findings
-- New findings, beside the writes that record them or from what the log says of them.
INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at,
                            reply_due, lapse_after, state)
SELECT id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due, lapse_after,
       'recorded'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::int[], $8::timestamptz[],
            $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
    AS new(id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due,
           lapse_after);

-- name: findings_by_id
-- Findings as the rules need them, read after their units are locked.
SELECT id::text, inspection::text, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state,
       accepts, lapsed, outcome, reply_due,
       (SELECT coalesce(jsonb_object_agg(place, encode(commitment, 'hex')), '{}') FROM intake.vault_photo
        WHERE vault_photo.finding = finding.id) AS held
FROM intake.finding WHERE id = ANY($1::uuid[]);

-- name: update_findings
-- What became of findings.
UPDATE intake.finding
SET state = changed.state, accepts = changed.accepts, lapsed = changed.lapsed, outcome = changed.outcome,
    withdrawal = coalesce(changed.withdrawal, finding.withdrawal), reply = coalesce(changed.reply, finding.reply),
    decision = coalesce(changed.decision, finding.decision)
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[])
    AS changed(id, state, accepts, lapsed, outcome, withdrawal, reply, decision)
WHERE finding.id = changed.id;

-- name: set_reply_due
-- The reply deadline of the findings known at a closing; in a demo folder it may lapse at once.
UPDATE intake.finding
SET reply_due = closed.due, lapse_after = CASE WHEN $3 THEN closed.due END
FROM unnest($1::uuid[], $2::timestamptz[]) AS closed(inspection, due)
WHERE finding.inspection = closed.inspection AND finding.reply_due IS NULL;

-- name: findings
-- From one id on ($1) and before another ($2) the findings a caller ($4) may read, newest first: of his whole reach
-- ($5, $6), and of his own teams ($7, $8), but what is kept from the head of a unit ($9, $10). Of one inspection, one unit,
-- one state where asked ($11 to $13). With the writes that withdrew, answered and decided each: their private parts lie
-- under these ids.
SELECT finding.id::text, finding.inspection::text, finding.unit, finding.code, finding.catalogue, finding.severity, finding.count,
       finding.captured_at, finding.photos, finding.filer, finding.received_at, finding.state,
       finding.accepts, finding.outcome, finding.reply_due, finding.withdrawal::text, finding.reply::text,
       finding.decision::text, inspection.team, inspection.quarter,
       (SELECT coalesce(jsonb_object_agg(place, encode(commitment, 'hex')), '{}') FROM intake.vault_photo
        WHERE vault_photo.finding = finding.id) AS held
FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection
WHERE finding.id >= $1 AND finding.id < $2
  AND ($5 OR finding.unit = ANY($6::text[]) OR (team @> ARRAY[$4::text] AND ($7 OR finding.unit = ANY($8::text[]))))
  AND NOT (finding.severity = 4 AND ($9 OR finding.unit = ANY($10::text[])))
  AND ($11::uuid IS NULL OR finding.inspection = $11) AND ($12::text IS NULL OR finding.unit = $12)
  AND ($13::text IS NULL OR finding.state = $13)
ORDER BY finding.id DESC LIMIT $3;
