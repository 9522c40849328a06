-- Statements of links for persons concerned.

-- name: links
-- These links, and whether each is over: it ends with its finding, too.
SELECT person_link.id::text, finding::text, removed OR answer IS NOT NULL OR state IN ('withdrawn', 'voided') AS over
FROM intake.person_link JOIN intake.finding ON finding.id = person_link.finding WHERE person_link.id = ANY($1::uuid[]);

-- name: add_links
-- New links; of a secret only its hash is kept.
INSERT INTO intake.person_link (id, finding, secret_hash, expires)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::date[]);

-- name: remove_links
-- Links that a reviewer ended.
UPDATE intake.person_link SET removed = true WHERE id = ANY($1::uuid[]);

-- name: link_by_secret
-- The link of a secret, with what its person may see of the finding; none once it is over.
SELECT person_link.id::text AS link, expires, finding.id::text, finding.inspection::text, finding.unit, code, catalogue, count,
       severity, captured_at, finding.state, accepts, outcome
FROM intake.person_link JOIN intake.finding ON finding.id = person_link.finding
WHERE secret_hash = $1 AND NOT removed AND answer IS NULL AND expires >= $2 AND finding.state NOT IN ('withdrawn', 'voided');

-- name: readers
-- Who has opened the finding, when, and as what; each day once.
SELECT role, min(read_at) AS at FROM intake.vault_read WHERE finding = $1
GROUP BY account, role, (read_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date ORDER BY at;

-- name: corrections
-- The writes that put the finding right, in their order: their words stand.
SELECT event::text FROM intake.case_step WHERE finding = $1 AND type = 'finding.corrected' ORDER BY n;

-- name: spend_link
-- The link is spent by its answer; no row: it was just spent or ended by somebody else.
UPDATE intake.person_link SET answer = $2 WHERE id = $1 AND NOT removed AND answer IS NULL RETURNING id;

-- name: add_step
-- The answer as a further step of the case.
INSERT INTO intake.case_step (finding, n, event, type, role, at)
SELECT $1, coalesce(max(n), 0) + 1, $2, 'finding.answered', 'concerned', $3 FROM intake.case_step WHERE finding = $1;
