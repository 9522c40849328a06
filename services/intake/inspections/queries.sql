-- Statements of inspections.

-- name: inspections
-- From one id on ($1) and before another ($2) the inspections a caller ($4) may read, newest first: of his whole reach
-- ($5, $6), and of his own teams ($7, $8). How many findings each has, and how many wait for a reply or a decision; what is
-- kept from the head of a unit ($9, $10) left out. Of one unit, one state, his own, one stage where asked ($11 to $14).
-- States and severities as in services/domain/case.py (a test compares).
SELECT id::text, unit, kind, basis, opened_at, quarter, catalogue, opener, team, received_at, state, closed_at, roll, reply_due,
       acknowledged, closing::text, impartial, row_to_json(found)::text AS found
FROM intake.inspection
CROSS JOIN LATERAL (
    SELECT count(*)::int AS "all", count(*) FILTER (WHERE state = 'recorded' AND severity <> 4)::int AS reply,
           count(*) FILTER (WHERE severity = 4 AND state = 'recorded' OR state = 'replied' AND NOT (severity = 1 AND accepts IS TRUE)
                              OR state = 'lapsed' AND severity <> 1)::int AS decision
    FROM intake.finding
    WHERE finding.inspection = inspection.id AND severity > 0 AND state <> 'withdrawn'
      AND NOT (severity = 4 AND ($9 OR finding.unit = ANY($10::text[])))
) AS found
WHERE id >= $1 AND id < $2
  AND ($5 OR unit = ANY($6::text[]) OR (team @> ARRAY[$4::text] AND ($7 OR unit = ANY($8::text[]))))
  AND ($11::text IS NULL OR unit = $11) AND ($12::text IS NULL OR state = $12) AND (NOT $13 OR team @> ARRAY[$4::text])
  AND ($14::text IS NULL OR CASE $14
       WHEN 'open' THEN state = 'open' WHEN 'reply' THEN state = 'closed' AND found.reply > 0
       WHEN 'decision' THEN state = 'closed' AND found.decision > 0 ELSE state = 'closed' AND found.reply + found.decision = 0 END)
ORDER BY id DESC LIMIT $3;
