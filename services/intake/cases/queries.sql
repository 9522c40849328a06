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

-- name: second_reviews
-- Which of these findings were drawn, how each was reviewed, and to which of these accounts ($2) it was served since it was
-- decided.
SELECT finding::text, review::text, ARRAY(
    SELECT DISTINCT account FROM intake.vault_read
    WHERE vault_read.finding = second_review.finding AND account = ANY($2::text[]) AND read_at >= decided_at
                                 AND part IS NULL) AS readers
FROM intake.second_review WHERE finding = ANY($1::uuid[]);

-- name: note_second_reviews
-- Second reviews.
INSERT INTO intake.second_review AS drawn (finding, review, decided_at)
SELECT finding, review, (SELECT min(at) FROM intake.case_step WHERE case_step.finding = given.finding AND type = 'finding.decided')
FROM unnest($1::uuid[], $2::uuid[]) AS given(finding, review)
ON CONFLICT (finding) DO UPDATE SET review = excluded.review;

-- name: draw_for_second_review
-- Findings whose first decision this was.
INSERT INTO intake.second_review (finding, decided_at)
SELECT given.finding, at FROM unnest($1::uuid[], $2::uuid[]) AS given(finding, decision)
JOIN intake.case_step ON case_step.event = decision
WHERE NOT EXISTS (SELECT FROM intake.case_step AS earlier WHERE earlier.finding = given.finding AND earlier.n < case_step.n
                                                            AND earlier.type = 'finding.decided')
ON CONFLICT DO NOTHING;
