-- Statements of findings.

-- name: places_of_findings
-- The unit and inspection of these findings: they never change.
SELECT id::text, unit, inspection::text FROM intake.finding WHERE id = ANY($1::uuid[]);

-- name: insert_findings
-- New findings, beside the writes that record them or from what the log says of them.
INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state)
SELECT id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, 'recorded'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::int[], $8::timestamptz[],
            $9::jsonb[], $10::text[], $11::timestamptz[])
    AS new(id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at);

-- name: findings_by_id
-- Findings as the rules need them, read after their units are locked.
SELECT id::text, inspection::text, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state,
       accepts, outcome, released, remedy
FROM intake.finding WHERE id = ANY($1::uuid[]);

-- name: update_findings
-- What became of findings.
UPDATE intake.finding
SET code = changed.code, severity = changed.severity, count = changed.count, captured_at = changed.captured_at,
    state = changed.state, accepts = changed.accepts, outcome = changed.outcome, released = changed.released,
    remedy = changed.remedy
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::int[], $5::timestamptz[], $6::text[], $7::boolean[], $8::text[],
            $9::boolean[], $10::text[])
    AS changed(id, code, severity, count, captured_at, state, accepts, outcome, released, remedy)
WHERE finding.id = changed.id;

-- name: add_steps
-- Further steps of cases.
INSERT INTO intake.case_step (finding, n, event, type, role, at)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[]);

-- name: keep_deadlines
-- New deadlines, and what became of old ones; since when the log has what opened one is noted by its receipt, never undone.
INSERT INTO intake.deadline AS kept (finding, kind, n, due, first_due, begins, cause, lapse_after, state, last, reminded, escalated)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::uuid[],
                     $8::timestamptz[], $9::text[], $10::boolean[], $11::boolean[], $12::smallint[])
ON CONFLICT (finding, kind, n) DO UPDATE
SET due = excluded.due, state = excluded.state, lapse_after = greatest(kept.lapse_after, excluded.lapse_after),
    reminded = kept.reminded OR excluded.reminded, escalated = greatest(kept.escalated, excluded.escalated);

-- name: pass_deadlines
-- These deadlines passed, whatever else there is of their cases.
UPDATE intake.deadline SET state = passed.state
FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[]) AS passed(finding, kind, n, state)
WHERE deadline.finding = passed.finding AND deadline.kind = passed.kind AND deadline.n = passed.n;

-- name: lapse_findings
-- What of these findings a deadline that passes changes.
UPDATE intake.finding SET state = lapsed.state, remedy = lapsed.remedy
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS lapsed(id, state, remedy)
WHERE finding.id = lapsed.id;

-- name: open_windows
-- The reply deadline of the findings known at a closing; what the unit has accepted by then is to be put right ($5: by when).
-- In a demo folder ($6) a deadline may lapse at once.
WITH closed AS (
    SELECT finding.id, finding.severity, finding.state, finding.accepts, due, begins, cause, remedy_due
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::uuid[], $5::timestamptz[])
             AS closing(inspection, due, begins, cause, remedy_due)
    JOIN intake.finding ON finding.inspection = closing.inspection
    WHERE severity BETWEEN 1 AND 3
)
INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT id, 'reply', 1, due, due, begins, cause, CASE WHEN $6 THEN due END, 
       CASE WHEN state = 'recorded' THEN 'open' WHEN accepts IS NOT NULL THEN 'met' ELSE 'ended' END
FROM closed
UNION ALL
SELECT id, 'remedy', 1, remedy_due, remedy_due, begins, cause, CASE WHEN $6 THEN remedy_due END, 'open'
FROM closed WHERE severity = 1 AND state = 'replied' AND accepts
ON CONFLICT DO NOTHING;

-- name: void_findings
-- All findings of these inspections that were not taken back before: nothing of them counts, and no deadline of theirs runs.
WITH voided AS (
    UPDATE intake.finding SET state = 'voided', remedy = 'none'
    WHERE inspection = ANY($1::uuid[]) AND state NOT IN ('withdrawn', 'voided')
)
UPDATE intake.deadline SET state = 'ended'
FROM intake.finding WHERE finding.id = deadline.finding AND inspection = ANY($1::uuid[]) AND deadline.state = 'open';

-- name: findings
-- From one id on ($1) and before another ($2) the findings a caller ($4) may read, newest first: of his whole reach
-- ($5, $6), and of his own teams ($7, $8), but what is kept from the head of a unit ($9, $10). Of one inspection, one unit,
-- some states, with what is sought where asked ($11 to $14).
SELECT id::text, inspection::text, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state,
       accepts, outcome, released, remedy, team, quarter, stage, former, told_due, drawn AND review IS NULL AS blind,
       drawn AND EXISTS (SELECT FROM intake.vault_read WHERE finding = case_read.id AND account = $4 AND read_at >= decided_at AND part IS NULL) AS read
FROM intake.case_read
WHERE id >= $1 AND id < $2
  AND ($5 OR unit = ANY($6::text[]) OR (team @> ARRAY[$4::text] AND ($7 OR unit = ANY($8::text[]))))
  AND NOT (severity = 4 AND NOT released AND ($9 OR unit = ANY($10::text[])))
  AND ($11::uuid IS NULL OR inspection = $11) AND ($12::text IS NULL OR unit = $12)
  AND ($13::text[] IS NULL OR state = ANY($13))
  AND ($14::jsonb IS NULL OR NOT EXISTS (
      SELECT FROM jsonb_to_recordset($14) AS word(text text, units text[], codes text[])
      WHERE NOT (unit = ANY(word.units) OR code = ANY(word.codes) OR strpos(translate(lower(basis), 'đ', 'd'), word.text) > 0)))
ORDER BY id DESC LIMIT $3;

-- name: findings_of_inspections
-- All findings of some inspections ($1) that a caller ($2) may read ($3 to $8), as in findings: for lists, whose statement is
-- planned once.
SELECT id::text, inspection::text, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state,
       accepts, outcome, released, remedy, team, quarter, stage, former, told_due, drawn AND review IS NULL AS blind,
       drawn AND EXISTS (SELECT FROM intake.vault_read WHERE finding = case_read.id AND account = $2 AND read_at >= decided_at AND part IS NULL) AS read
FROM unnest($1::uuid[]) AS asked (visit) JOIN intake.case_read ON inspection = visit
WHERE ($3 OR unit = ANY($4::text[]) OR (team @> ARRAY[$2::text] AND ($5 OR unit = ANY($6::text[]))))
  AND NOT (severity = 4 AND NOT released AND ($7 OR unit = ANY($8::text[])))
ORDER BY id DESC;

-- name: with_cases
-- The findings that a statement (it takes the place of `found`) tells of, each with its steps in their order and who took them,
-- its clocks, of each kind in their order, and its photos that are held.
SELECT finding.*,
       ARRAY(SELECT ROW(event::text, type, role, at, write.account)
             FROM intake.case_step LEFT JOIN intake.write ON write.id = event
             WHERE case_step.finding = finding.id::uuid ORDER BY n) AS steps,
       ARRAY(SELECT ROW(kind, n, due, first_due, begins, cause::text, lapse_after, state, last, reminded, escalated)
             FROM intake.deadline WHERE deadline.finding = finding.id::uuid ORDER BY n) AS clocks,
       CASE WHEN photos <> '[]' THEN ARRAY(
           SELECT ROW(place, encode(commitment, 'hex')) FROM intake.vault_photo WHERE vault_photo.finding = finding.id::uuid
       ) END AS held
FROM (found) AS finding;

-- name: history
-- The events of a finding in their order, each with its place in the log as far as that is known here.
SELECT finding.id::text AS event, 'finding.recorded' AS type, received_at AS at, index, 0 AS n,
       convert_from(decode(convert_from(answer, 'UTF8')::jsonb ->> 'event', 'base64'), 'UTF8')::jsonb #>> '{data,by,role}' AS role
FROM intake.finding JOIN intake.write ON write.id = finding.id LEFT JOIN intake.case_entry ON case_entry.event = finding.id
WHERE finding.id = $1
UNION ALL
SELECT case_step.event::text, type, at, index, n, role
FROM intake.case_step LEFT JOIN intake.case_entry ON case_entry.event = case_step.event WHERE finding = $1
ORDER BY n;

-- name: redactions
-- The newest redaction of each of a finding's photos.
SELECT DISTINCT ON (place) place AS n, event::text AS id, boxes FROM intake.photo_redaction WHERE finding = $1
ORDER BY place, photo_redaction.n DESC;

-- name: files_of_finding
-- The files that writes about a finding name, which are held, and which are still to come: of an erased one the hash is gone.
SELECT split_part(noun, '/', 2) AS of, write::text, place AS n, type, size AS bytes, stored_at IS NOT NULL AS held,
       stored_at IS NULL AND sha256 IS NOT NULL AS awaited
FROM intake.vault_file WHERE finding = $1 ORDER BY write, place;

-- name: desk_of_units
-- For the head of units: at most $2 of the inspections of a list ($1) after a place in it ($3, $4), of the reach of a caller
-- ($5 to $11, as in findings), with what is sought ($12: words, each with units and codes). What waits for the units that he
-- answers for ($14) and what waits at others' goes by the soonest deadline, what is done the newest first. Those of some units
-- ($15) are looked at: of all others the list holds none; and but for what is done, those of which something is waited for.
SELECT inspection.id, place
FROM intake.inspection
CROSS JOIN LATERAL (
    SELECT min(clock.due) AS due, coalesce(bool_or(finding.state IN ('recorded', 'unheard')), false) AS unanswered,
           coalesce(bool_or(remedy IN ('due', 'planned') AND clock.finding IS NOT NULL), false) AS unmended,
           coalesce(bool_or(remedy IN ('reported', 'declined') OR finding.state = 'replied' AND NOT (severity = 1 AND accepts IS TRUE)
                            OR finding.state = 'lapsed' AND severity <> 1 OR finding.state IN ('appealed', 'reopened')), false) AS judged
    FROM intake.finding
    LEFT JOIN intake.deadline AS clock
        ON clock.finding = finding.id AND (clock.state = 'open' OR clock.state = 'lapsed' AND clock.kind = 'remedy')
    WHERE finding.inspection = inspection.id AND severity > 0
      AND NOT (severity = 4 AND NOT released AND ($10 OR finding.unit = ANY($11::text[])))
) AS found
CROSS JOIN LATERAL (SELECT unit = ANY($14::text[]) AS own, unanswered OR unmended AS waits) AS whose
CROSS JOIN LATERAL (
    SELECT CASE WHEN $1 = 'done' THEN -extract(epoch FROM received_at) ELSE coalesce(extract(epoch FROM due), 1e12) END::float8 AS place
) AS placed
WHERE unit = ANY($15::text[]) AND state IN ('closed', 'voided')
  AND ($1 = 'done' OR inspection.id IN (
      SELECT inspection FROM intake.finding
      WHERE finding.unit = ANY($15)
        AND (state IN ('recorded', 'unheard') OR list = 'decision' OR remedy IN ('due', 'planned', 'reported', 'declined'))))
  AND ($6 OR unit = ANY($7::text[]) OR (team @> ARRAY[$5::text] AND ($8 OR unit = ANY($9::text[]))))
  AND $1::text = CASE WHEN state = 'voided' THEN 'done' WHEN own AND waits THEN 'todo' WHEN NOT own AND (waits OR judged) THEN 'following'
                      ELSE 'done' END
  AND (place, inspection.id) > ($3::float8, $4::uuid)
  AND ($12::jsonb IS NULL OR NOT EXISTS (
      SELECT FROM jsonb_to_recordset($12) AS word(text text, units text[], codes text[])
      WHERE NOT (unit = ANY(word.units) OR strpos(translate(lower(basis), 'đ', 'd'), word.text) > 0 OR EXISTS (
          SELECT FROM intake.finding WHERE finding.inspection = inspection.id AND code = ANY(word.codes)
            AND NOT (severity = 4 AND NOT released AND ($10 OR finding.unit = ANY($11::text[])))))))
ORDER BY place, inspection.id LIMIT $2;

-- name: desk_waiting
-- For whoever judges cases: at most $2 of the inspections with a case of a list ($1) beyond one of them ($4; $3 is a place of
-- other lists), the oldest first, what is handled the newest first; of the reach of a caller ($5 to $11, as in findings), with
-- what is sought ($12). What waits for more time is what was last asked so, while its clock runs. Each part is read off an
-- index in the list's order, no further than it is shown. Of what waits for the caller's second review ($14: there is such)
-- nothing is told that follows a decision that upheld.
WITH reached AS NOT MATERIALIZED (
    SELECT id, inspection, list, remedy FROM intake.finding
    WHERE severity > 0 AND NOT (severity = 4 AND NOT released AND ($10 OR unit = ANY($11::text[]))) AND ($6 AND $12::jsonb IS NULL OR (
        SELECT ($6 OR unit = ANY($7::text[]) OR (team @> ARRAY[$5::text] AND ($8 OR unit = ANY($9::text[]))))
           AND ($12::jsonb IS NULL OR NOT EXISTS (
               SELECT FROM jsonb_to_recordset($12) AS word(text text, units text[], codes text[])
               WHERE NOT (unit = ANY(word.units) OR strpos(translate(lower(basis), 'đ', 'd'), word.text) > 0 OR EXISTS (
                   SELECT FROM intake.finding WHERE finding.inspection = inspection.id AND code = ANY(word.codes)
                     AND NOT (severity = 4 AND NOT released AND ($10 OR finding.unit = ANY($11::text[])))))))
        FROM intake.inspection WHERE inspection.id = finding.inspection))
), unread AS (
    SELECT finding FROM intake.second_review
    WHERE review IS NULL
      AND NOT EXISTS (SELECT FROM intake.case_step JOIN intake.write ON write.id = event
                      WHERE case_step.finding = second_review.finding AND type = 'finding.decided' AND write.account = $5)
      AND NOT EXISTS (SELECT FROM intake.vault_read WHERE vault_read.finding = second_review.finding AND account = $5
                                                      AND read_at >= decided_at AND part IS NULL)
)
SELECT inspection AS id, $3::float8 AS place
FROM (
    (SELECT DISTINCT inspection FROM reached
     WHERE $1::text <> 'handled' AND list = CASE $1 WHEN 'waiting' THEN 'decision' ELSE $1 END AND inspection > $4::uuid
     ORDER BY inspection LIMIT $2)
    UNION
    (SELECT DISTINCT inspection FROM reached
     WHERE $1 = 'handled' AND list = 'handled' AND inspection < $4 ORDER BY inspection DESC LIMIT $2)
    UNION
    (SELECT DISTINCT inspection FROM reached
     WHERE $1 IN ('waiting', 'verification') AND remedy IN ('reported', 'declined') AND inspection > $4
       AND NOT ($14 AND id IN (SELECT finding FROM unread))
     ORDER BY inspection LIMIT $2)
    UNION
    SELECT inspection FROM reached
    WHERE $1 IN ('waiting', 'extension') AND inspection > $4
      AND NOT ($14 AND remedy <> 'none' AND id IN (SELECT finding FROM unread))
      AND id IN (SELECT finding FROM intake.case_step WHERE type IN ('finding.extension_requested', 'remedy.extension_requested'))
      AND EXISTS (SELECT FROM intake.deadline WHERE deadline.finding = reached.id AND deadline.state = 'open')
      AND (SELECT type FROM intake.case_step
           WHERE case_step.finding = reached.id AND type NOT IN ('finding.reminded', 'remedy.reminded', 'remedy.planned', 'finding.answered', 'photo.redacted')
           ORDER BY n DESC LIMIT 1) LIKE '%.extension\_requested'
    UNION
    SELECT inspection FROM reached JOIN unread ON unread.finding = reached.id WHERE $1 = 'second' AND inspection > $4
) AS listed
ORDER BY CASE WHEN $1 <> 'handled' THEN inspection END, inspection DESC LIMIT $2;

-- name: blindfolded
-- Whether a remedy waits for whoever judges it of what waits for an account's ($1) second review, as desk_waiting has it.
SELECT EXISTS (
    SELECT FROM intake.second_review JOIN intake.finding ON finding.id = second_review.finding
    WHERE review IS NULL
      AND (remedy IN ('reported', 'declined')
           OR remedy <> 'none' AND EXISTS (SELECT FROM intake.case_step
                                           WHERE case_step.finding = second_review.finding AND type = 'remedy.extension_requested'))
      AND NOT EXISTS (SELECT FROM intake.case_step JOIN intake.write ON write.id = event
                      WHERE case_step.finding = second_review.finding AND type = 'finding.decided' AND write.account = $1)
      AND NOT EXISTS (SELECT FROM intake.vault_read WHERE vault_read.finding = second_review.finding AND account = $1
                                                      AND read_at >= decided_at AND part IS NULL));

-- name: with_inspections
-- The first $13 of a list of inspections (it takes the place of `listed`), each as some_inspections has it, with how many there are.
SELECT id::text, unit, kind, basis, opened_at, quarter, catalogue, opener, team, received_at, state, closed_at, roll, reply_due,
       acknowledged, row_to_json(found)::text AS found, place, total
FROM (SELECT id AS visit, place, row_number() OVER () AS nth, count(*) OVER () AS total FROM (listed) AS listed) AS listed
CROSS JOIN LATERAL (SELECT * FROM intake.inspection WHERE id = visit LIMIT 1) AS inspection -- looked up one by one
CROSS JOIN LATERAL intake.found_at(id, $10, $11) AS found
WHERE nth <= $13 ORDER BY nth;
