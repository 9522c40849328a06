-- name: lapsing
-- Deadlines that have passed unmet, the oldest first; what its state says is not waited for any more does not lapse.
SELECT finding::text, kind, n, finding.unit
FROM intake.deadline JOIN intake.finding ON finding.id = deadline.finding
WHERE deadline.state = 'open' AND lapse_after IS NOT NULL AND lapse_after < $1
  AND (kind <> 'reply' OR finding.state IN ('recorded', 'unheard') AND severity > 0 AND (severity <> 4 OR released))
ORDER BY lapse_after, finding, kind LIMIT $2;

-- name: logged
-- These events are in the log since now: what they opened may lapse only once it is over as counted from now ($2 a reply's
-- window, $3 a remedy, $4 its last chance).
UPDATE intake.deadline
SET lapse_after = greatest(due, CASE WHEN kind = 'reply' THEN $2::timestamptz WHEN last THEN $4::timestamptz ELSE $3::timestamptz END)
WHERE cause = ANY($1::uuid[]) AND lapse_after IS NULL;

-- name: logged_unnoticed
-- What opened these deadlines was in the log before they were stored: nobody told them.
SELECT cause::text FROM intake.deadline
WHERE lapse_after IS NULL AND NOT EXISTS (SELECT FROM intake.outbox WHERE event_id = cause) LIMIT $1;
