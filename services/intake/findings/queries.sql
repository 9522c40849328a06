-- Statements of findings.

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
