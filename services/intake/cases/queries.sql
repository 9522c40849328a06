-- name: lapsing
-- Deadlines that have passed unmet, the oldest first; what its state says is not waited for any more does not lapse.
-- In the order of an index, however many end with the same day: each finding is looked up by itself (hence OFFSET 0).
SELECT finding::text, kind, n, about.unit
FROM intake.deadline CROSS JOIN LATERAL (SELECT * FROM intake.finding WHERE finding.id = deadline.finding OFFSET 0) AS about
WHERE deadline.state = 'open' AND lapse_after IS NOT NULL AND lapse_after < $1
  AND (kind <> 'reply' OR about.state IN ('recorded', 'unheard') AND severity > 0 AND (severity <> 4 OR released))
ORDER BY lapse_after, deadline.finding, kind LIMIT $2;

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

-- name: reminding
-- Deadlines that are still waited for and end after $1, but not after $2, of which the unit was not reminded; the soonest first.
SELECT finding::text, kind, n, about.unit
FROM intake.deadline CROSS JOIN LATERAL (SELECT * FROM intake.finding WHERE finding.id = deadline.finding OFFSET 0) AS about
WHERE deadline.state = 'open' AND NOT reminded AND due > $1 AND due <= $2
  AND (kind <> 'reply' OR about.state IN ('recorded', 'unheard') AND severity > 0 AND (severity <> 4 OR released))
ORDER BY due, deadline.finding, kind LIMIT $3;

-- name: remind
-- Mark these as told to the unit, unless they were met or moved meanwhile; their units are locked.
UPDATE intake.deadline SET reminded = true
FROM unnest($1::uuid[], $2::text[], $3::smallint[]) AS near(finding, kind, n), intake.finding
WHERE deadline.finding = near.finding AND deadline.kind = near.kind AND deadline.n = near.n AND finding.id = near.finding
  AND deadline.state = 'open' AND NOT reminded AND due <= $4
RETURNING deadline.finding::text, finding.inspection::text, finding.unit, deadline.kind, deadline.n, due, begins;

-- name: escalating
-- Deadlines that lapsed, by $1 and by $2, of which the unit above ($1) and the Department ($2) were not told, the oldest first;
-- only while what was missed is still wanted. With the step that is due.
SELECT finding::text, kind, n, about.unit, escalated + 1 AS step
FROM intake.deadline CROSS JOIN LATERAL (SELECT * FROM intake.finding WHERE finding.id = deadline.finding OFFSET 0) AS about
WHERE deadline.state = 'lapsed' AND escalated < 2 AND due < CASE escalated WHEN 0 THEN $1::timestamptz ELSE $2 END
  AND CASE kind WHEN 'reply' THEN about.state IN ('lapsed', 'reopened') ELSE remedy IN ('due', 'planned', 'declined') END
ORDER BY due, deadline.finding, kind LIMIT $3;

-- name: escalate
-- Mark these as told so far, each step once; their units are locked.
UPDATE intake.deadline SET escalated = late.step
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::smallint[]) AS late(finding, kind, n, step), intake.finding
WHERE deadline.finding = late.finding AND deadline.kind = late.kind AND deadline.n = late.n AND finding.id = late.finding
  AND deadline.state = 'lapsed' AND escalated = late.step - 1
RETURNING deadline.finding::text, finding.inspection::text, finding.unit, deadline.kind, deadline.n, due, late.step;

-- name: add_steps_after
-- The system's further steps of cases, each after those that there are.
INSERT INTO intake.case_step (finding, n, event, type, role, at)
SELECT new.finding, coalesce((SELECT max(n) FROM intake.case_step WHERE case_step.finding = new.finding), 0)
       + row_number() OVER (PARTITION BY new.finding ORDER BY place), event, type, 'system', at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS new(finding, event, type, at, place);
