-- name: lapsing
-- Findings whose reply deadline has passed unanswered, the oldest first.
SELECT id::text, unit FROM intake.finding
WHERE state = 'recorded' AND severity BETWEEN 1 AND 3 AND lapse_after IS NOT NULL AND lapse_after < $1
ORDER BY lapse_after, id LIMIT $2;

-- name: lapse
-- Mark findings as lapsed, unless they were answered meanwhile; their units are locked.
UPDATE intake.finding SET state = 'lapsed', lapsed = true
WHERE id = ANY($1::uuid[]) AND state = 'recorded'
RETURNING id::text, inspection::text, unit, reply_due;

-- name: closings_logged
-- The closings are in the log since $2: their findings may lapse once a whole reply period has passed since then.
UPDATE intake.finding SET lapse_after = greatest(finding.reply_due, $2)
FROM intake.inspection
WHERE inspection.closing = ANY($1::uuid[]) AND finding.inspection = inspection.id
  AND finding.lapse_after IS NULL AND finding.reply_due = inspection.reply_due;

-- name: findings_logged
-- These later findings are in the log themselves.
UPDATE intake.finding SET lapse_after = greatest(reply_due, $2)
WHERE id = ANY($1::uuid[]) AND lapse_after IS NULL AND reply_due IS NOT NULL;
