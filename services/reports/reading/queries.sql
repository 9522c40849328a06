-- Statements of what is read of the projections, within one snapshot.

-- name: edition
-- The first frozen edition of a quarter by its kind; since when it is open, and whether a wrong root was published.
SELECT closing::text, size, root, cards_root, rules, published_at, coalesce(refused, false) AS refused
FROM reports.edition
CROSS JOIN LATERAL (SELECT min(time) FILTER (WHERE own AND NOT stopped) AS published_at, bool_or(NOT own) AS refused
                    FROM reports.publication WHERE publication.closing = edition.closing) AS told
WHERE quarter = $1 AND edition = $2 ORDER BY size LIMIT 1;

-- name: editions
-- The frozen editions, the latest quarter first; all quarters without one given.
SELECT DISTINCT ON (quarter, edition) quarter, edition, closing::text, size, root, cards_root, published_at,
       coalesce(refused, false) AS refused
FROM reports.edition
CROSS JOIN LATERAL (SELECT min(time) FILTER (WHERE own AND NOT stopped) AS published_at, bool_or(NOT own) AS refused
                    FROM reports.publication WHERE publication.closing = edition.closing) AS told
WHERE $1::text IS NULL OR quarter = $1
ORDER BY quarter DESC, edition, size;

-- name: edition_rows
-- The rows of a frozen edition's list, by unit.
SELECT unit, grp, row FROM reports.edition_card WHERE closing = $1::uuid ORDER BY unit;

-- name: edition_card
-- One frozen card's bytes.
SELECT body FROM reports.edition_card WHERE closing = $1::uuid AND unit = $2;

-- name: edition_bodies
-- Every frozen card of an edition.
SELECT unit, body FROM reports.edition_card WHERE closing = $1::uuid;

-- name: opened_by
-- The log index of the publication that opened an edition.
SELECT min(index) FROM reports.publication WHERE closing = $1::uuid AND own;

-- name: card_rows
-- The rows of a quarter's live list.
SELECT unit, row FROM reports.card WHERE quarter = $1;

-- name: card
-- One live card.
SELECT body FROM reports.card WHERE quarter = $1 AND unit = $2;

-- name: contested
-- How many findings of a card are under appeal or reopened; $3 are the severities that are scored.
SELECT count(*) FROM reports.finding JOIN reports.inspection ON inspection.id = finding.inspection
WHERE quarter = $1 AND unit = $2 AND closed_at IS NOT NULL AND NOT voided AND contested AND NOT withdrawn
  AND (severity = ANY($3::int[]) OR released_index IS NOT NULL);

-- name: quarters
-- The quarters in which something was inspected, the latest first.
SELECT quarter FROM reports.card UNION SELECT quarter FROM reports.stale ORDER BY quarter DESC;

-- name: alerts_of_units
-- A page of the alerts of some units, the latest first.
SELECT id, created_at, body FROM reports.alert
WHERE unit = ANY($1::text[]) AND (created_at, id) < ($2, $3::uuid) AND (NOT $4 OR acknowledged_at IS NULL)
ORDER BY created_at DESC, id DESC
LIMIT $5;

-- name: all_alerts
-- A page of all alerts, the latest first.
SELECT id, created_at, body FROM reports.alert
WHERE (created_at, id) < ($1, $2::uuid) AND (NOT $3 OR acknowledged_at IS NULL)
ORDER BY created_at DESC, id DESC
LIMIT $4;

-- name: awaiting_reply
-- How many findings of closed inspections of some units still take a reply and have none; $2 are the severities that take one.
SELECT count(*) FROM reports.finding JOIN reports.inspection ON inspection.id = finding.inspection
WHERE inspection.closed_at IS NOT NULL AND NOT inspection.voided AND inspection.unit = ANY($1::text[])
  AND (severity = ANY($2::int[]) OR released_index IS NOT NULL)
  AND accepted IS NULL AND NOT lapsed AND (outcome IS NULL OR contested) AND NOT withdrawn;

-- name: unanswered
-- Of some inspections those with a finding that its unit can still reply to; $2 are the severities that take a reply.
SELECT DISTINCT inspection::text FROM reports.finding
WHERE inspection = ANY($1::uuid[]) AND (severity = ANY($2::int[]) OR released_index IS NOT NULL)
  AND accepted IS NULL AND NOT lapsed AND (outcome IS NULL OR contested) AND NOT withdrawn;

-- name: migrated
-- Whether the schema is there.
SELECT to_regclass('reports.head') IS NOT NULL;

-- name: notices
-- A page of an account's notices about some units (null: all), onwards from a place; $5: only those not read.
SELECT notice.id, kind, unit, inspection, finding, created_at, due, listed, index, number,
       CASE WHEN size > index THEN read_at END AS read_at
FROM reports.notice LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
WHERE account = $1 AND (index, number) > ($2, $3) AND ($4::text[] IS NULL OR unit = ANY($4)) AND listed > 0
  AND (NOT $5 OR size IS NULL OR size <= index)
ORDER BY index, number
LIMIT $6;

-- name: latest_notices
-- A page of an account's notices about some units (null: all), backwards from a place; $5: only those not read.
SELECT notice.id, kind, unit, inspection, finding, created_at, due, listed, index, number,
       CASE WHEN size > index THEN read_at END AS read_at
FROM reports.notice LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
WHERE account = $1 AND (index, number) < ($2, $3) AND ($4::text[] IS NULL OR unit = ANY($4)) AND listed > 0
  AND (NOT $5 OR size IS NULL OR size <= index)
ORDER BY index DESC, number DESC
LIMIT $6;

-- name: notice
-- One notice of an account.
SELECT notice.id, kind, unit, inspection, finding, created_at, due, listed, index, number,
       CASE WHEN size > index THEN read_at END AS read_at
FROM reports.notice LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
WHERE notice.id = $1::uuid AND account = $2 AND listed > 0;

-- name: read_notice
-- Mark a notice as read with all that has joined it by now; the first time stays.
INSERT INTO reports.notice_read (notice, read_at, size)
SELECT $1::uuid, $2, head.size FROM reports.head
ON CONFLICT (notice) DO UPDATE SET read_at = excluded.read_at, size = excluded.size
WHERE notice_read.size <= (SELECT index FROM reports.notice WHERE id = $1::uuid);

-- name: found_live
-- Findings that count in some quarters by unit and code; $2 are the severities that are scored.
SELECT unit, code, sum(told.findings)::int AS findings, sum(told.times)::int AS times, count(*)::int AS inspections
FROM reports.inspection
CROSS JOIN LATERAL (
    SELECT code, count(*) AS findings, sum(count) AS times
    FROM reports.finding
    WHERE finding.inspection = inspection.id AND severity = ANY($2::int[])
      AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'counts'
    GROUP BY code
) AS told
WHERE quarter = ANY($1::text[]) AND closed_at IS NOT NULL AND NOT voided
GROUP BY unit, code
ORDER BY unit, code;

-- name: found_frozen
-- Findings that count in a frozen edition by unit and code, as its cards list them.
SELECT unit, item ->> 'code' AS code, count(*)::int AS findings, sum((item ->> 'count')::int)::int AS times,
       count(DISTINCT visit ->> 'id')::int AS inspections
FROM reports.edition_card
CROSS JOIN LATERAL jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'inspections') AS visit
CROSS JOIN LATERAL jsonb_array_elements(visit -> 'items') AS item
WHERE closing = $1::uuid
GROUP BY unit, code
ORDER BY unit, code;

-- name: told_live
-- The findings of a code that count in a quarter; $3 are the severities that are scored.
SELECT unit, opened_on AS day, told.count, told.index
FROM reports.inspection
CROSS JOIN LATERAL (
    SELECT count, index
    FROM reports.finding
    WHERE finding.inspection = inspection.id AND code = $2 AND severity = ANY($3::int[])
      AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'counts'
    OFFSET 0
) AS told
WHERE quarter = $1 AND closed_at IS NOT NULL AND NOT voided
ORDER BY told.index;

-- name: told_frozen
-- The findings of a code that count in a frozen edition, as its cards list them.
SELECT unit, (visit ->> 'date')::date AS day, (item ->> 'count')::int AS count, (item ->> 'index')::bigint AS index
FROM reports.edition_card
CROSS JOIN LATERAL jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'inspections') AS visit
CROSS JOIN LATERAL jsonb_array_elements(visit -> 'items') AS item
WHERE closing = $1::uuid AND item ->> 'code' = $2
ORDER BY index;

-- name: comparisons
-- A quarter's live comparisons.
SELECT unit, body FROM reports.comparison WHERE quarter = $1;

-- name: comparison
-- One live comparison.
SELECT body FROM reports.comparison WHERE quarter = $1 AND unit = $2;

-- name: fit
-- Which size of the log a quarter's comparisons show: this one, while nothing that they are made of has changed since.
SELECT CASE WHEN fit.size >= wanted THEN head.size ELSE fit.size END FROM reports.fit, reports.head
WHERE quarter = $1 AND fit.size > 0;

-- name: peer_scores
-- How many units of a kind have a score in a quarter's live list, and the middle one. Rows are as `summary` writes them:
-- group and score are the first members of these names, and no text holds a bare quotation mark; to read each row as JSON
-- took a unit's page most of its time.
SELECT count(*)::int AS units, percentile_cont(0.5) WITHIN GROUP (ORDER BY score)::numeric(5, 2)::text AS median
FROM (SELECT nullif(split_part(split_part(row, '"score":"', 2), '"', 1), '')::float8 AS score FROM reports.card
      WHERE quarter = $1 AND split_part(split_part(row, '"group":"', 2), '"', 1) = $2) AS peer
WHERE score IS NOT NULL;

-- name: peer_scores_frozen
-- The same of a frozen edition.
SELECT count(*)::int AS units, percentile_cont(0.5) WITHIN GROUP (ORDER BY score)::numeric(5, 2)::text AS median
FROM (SELECT nullif(split_part(split_part(row, '"score":"', 2), '"', 1), '')::float8 AS score FROM reports.edition_card
      WHERE closing = $1::uuid AND grp = $2) AS peer
WHERE score IS NOT NULL;

-- name: most_inspectors
-- How many inspectors saw a unit in that quarter of some in which most did, at visits that are compared: their pseudonyms
-- hold within one quarter.
SELECT coalesce(max(inspectors), 0)::int FROM (
    SELECT count(DISTINCT member) AS inspectors
    FROM reports.inspection CROSS JOIN LATERAL unnest(string_to_array(nullif(team, ''), ' ')) AS member
    WHERE unit = $1 AND quarter = ANY($2::text[]) AND closed_at IS NOT NULL AND NOT voided
      AND kind <> 'recheck' AND selection IN ('random', 'scheduled')
    GROUP BY quarter
) AS counted;

-- name: past_rows
-- The live rows of some units in some quarters, but for those that are still to be rendered.
SELECT quarter, unit, row FROM reports.card WHERE unit = ANY($1::text[]) AND quarter = ANY($2::text[])
   AND NOT EXISTS (SELECT FROM reports.stale WHERE (stale.quarter, stale.unit) = (card.quarter, card.unit));

-- name: past_lacking
-- Of some units in some quarters those whose card is still to be rendered.
SELECT quarter, unit FROM reports.stale WHERE unit = ANY($1::text[]) AND quarter = ANY($2::text[]);

-- name: past_frozen
-- The rows of some units in some frozen editions.
SELECT closing::text, unit, row FROM reports.edition_card WHERE closing = ANY($1::uuid[]) AND unit = ANY($2::text[]);

-- name: pending_of
-- What pends in a unit's quarter, and until when the unit may reply; $3 are the severities that are scored. Of
-- several notices the one about the finding itself, then the latest, names the deadline that stands.
SELECT finding.id::text, code, severity, count, finding.index, opened_on AS day, inspection.id::text AS inspection,
       contested, accepted IS NULL AND NOT lapsed AND outcome IS NULL AS awaits_reply,
       (SELECT due FROM reports.notice
        WHERE notice.inspection = inspection.id AND kind = ANY($4::text[]) AND due IS NOT NULL
          AND coalesce(notice.finding, finding.id) = finding.id
        ORDER BY notice.finding IS NOT NULL DESC, notice.index DESC LIMIT 1) AS due
FROM reports.inspection JOIN reports.finding ON finding.inspection = inspection.id
WHERE quarter = $1 AND unit = $2 AND closed_at IS NOT NULL AND NOT voided
  AND (severity = ANY($3::int[]) OR released_index IS NOT NULL)
  AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'pending'
ORDER BY awaits_reply DESC, due, finding.index;

-- name: heads_of
-- Who headed a unit, the first first.
SELECT account, valid_from, valid_to FROM identity.post WHERE role = 'unit_head' AND unit = $1 ORDER BY valid_from;

-- name: heads_part
-- A unit's days of inspection in some quarters: own violations of the head, replies that never came, remedies overdue.
SELECT opened_on AS day, count(DISTINCT inspection.id)::int AS visits,
       count(*) FILTER (WHERE code LIKE 'H%'
           AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'counts')::int AS own,
       count(*) FILTER (WHERE lapsed)::int AS unanswered, count(*) FILTER (WHERE overdues > 0)::int AS overdue
FROM reports.inspection
LEFT JOIN reports.finding ON finding.inspection = inspection.id AND NOT withdrawn AND severity = ANY($3::int[])
WHERE unit = $1 AND quarter = ANY($2::text[]) AND closed_at IS NOT NULL AND NOT voided
GROUP BY opened_on
ORDER BY opened_on;

-- name: totals
-- Sums of quarters by kind of unit: $2 are units, $3 the kind of each, $4: those alone, else also the others, without a
-- kind; $5 are the severities that are scored.
SELECT place.kind, quarter, count(DISTINCT unit)::int AS units, count(*)::int AS inspections,
       sum(persons_checked)::int AS persons, coalesce(sum(told.findings), 0)::int AS findings,
       coalesce(sum(told.replied), 0)::int AS replied, coalesce(sum(told.lapsed), 0)::int AS lapsed,
       coalesce(sum(told.remedied), 0)::int AS remedied, coalesce(sum(told.overdue), 0)::int AS overdue
FROM reports.inspection
LEFT JOIN unnest($2::text[], $3::text[]) AS place(unit, kind) USING (unit)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'counts') AS findings,
           count(*) FILTER (WHERE accepted IS NOT NULL AND NOT finding.lapsed) AS replied,
           count(*) FILTER (WHERE finding.lapsed) AS lapsed,
           count(*) FILTER (WHERE (done OR in_time) AND overdues = 0) AS remedied,
           count(*) FILTER (WHERE overdues > 0) AS overdue
    FROM reports.finding
    WHERE finding.inspection = inspection.id AND NOT withdrawn AND severity = ANY($5::int[])
) AS told
WHERE quarter = ANY($1::text[]) AND closed_at IS NOT NULL AND NOT voided AND (place.kind IS NOT NULL OR NOT $4)
GROUP BY place.kind, quarter
ORDER BY place.kind, quarter;

-- name: praised
-- The commendations of a quarter, in log order.
SELECT unit, code, index FROM reports.commendation WHERE quarter = $1 ORDER BY index;

-- name: in_the_way
-- What of a quarter is not settled: what waits for units and until when at the latest, for the Department, what is
-- under appeal or reopened, and since when the oldest appeal waits; $2 are the severities that are scored. What a person
-- concerned said is told as an appeal is, but by an event of derived id: an appeal's is its write's, a UUIDv7.
SELECT count(*) FILTER (WHERE awaits)::int AS for_units, max(due) FILTER (WHERE awaits) AS latest,
       count(*) FILTER (WHERE NOT awaits AND NOT contested)::int AS for_department,
       count(*) FILTER (WHERE contested)::int AS contested, min(appealed) FILTER (WHERE contested) AS oldest_appeal
FROM (
    SELECT told.contested, told.awaits, answer.due, answer.appealed
    FROM reports.inspection
    CROSS JOIN LATERAL (
        SELECT id, contested, accepted IS NULL AND NOT lapsed AND outcome IS NULL AS awaits
        FROM reports.finding
        WHERE finding.inspection = inspection.id
          AND (severity = ANY($2::int[]) OR released_index IS NOT NULL)
          AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'pending'
        OFFSET 0
    ) AS told
    CROSS JOIN LATERAL (
        SELECT max(due) AS due,
               min(created_at) FILTER (WHERE kind = 'appeal' AND substr(event::text, 15, 1) = '7' AND index > decided) AS appealed
        FROM (
            SELECT due, created_at, kind, event, index, max(index) FILTER (WHERE kind = 'decision') OVER () AS decided
            FROM reports.notice
            WHERE notice.inspection = inspection.id AND coalesce(notice.finding, told.id) = told.id
        ) AS notice
    ) AS answer
    WHERE quarter = $1 AND closed_at IS NOT NULL AND NOT voided
) AS unsettled;

-- name: judged
-- What became of the findings of a quarter's inspections, by $4: of each member, of each team, or of all; $3 are the
-- outcomes by which a finding does not count: two decisions agree when it counts by both or by neither.
SELECT who, sum(persons_checked)::int AS checks, sum(told.findings)::int AS findings, sum(told.decided)::int AS decided,
       sum(told.overturned)::int AS overturned, sum(told.seconded)::int AS seconded, sum(told.agreed)::int AS agreed,
       sum(told.again)::int AS again, sum(told.reversed)::int AS reversed
FROM reports.inspection
CROSS JOIN LATERAL unnest(CASE $4 WHEN 'members' THEN string_to_array(team, ' ') WHEN 'teams' THEN ARRAY(
    SELECT string_agg(member, ' ' ORDER BY member) FROM unnest(string_to_array(team, ' ')) AS member
) ELSE ARRAY['all'] END) AS who
CROSS JOIN LATERAL (
    SELECT count(*) AS findings, count(*) FILTER (WHERE outcome IS NOT NULL AND NOT contested) AS decided,
           count(*) FILTER (WHERE outcome = ANY($3::text[]) AND NOT contested) AS overturned,
           count(second_outcome) AS seconded,
           count(*) FILTER (WHERE (second_outcome = ANY($3::text[])) = (first_outcome = ANY($3::text[]))) AS agreed,
           count(*) FILTER (WHERE again AND NOT contested) AS again,
           count(*) FILTER (WHERE again AND NOT contested
               AND (outcome = ANY($3::text[])) <> (first_outcome = ANY($3::text[]))) AS reversed
    FROM reports.finding
    WHERE finding.inspection = inspection.id AND NOT withdrawn AND severity = ANY($2::int[])
) AS told
WHERE quarter = $1 AND closed_at IS NOT NULL AND NOT voided AND who <> ''
GROUP BY who
ORDER BY who;

-- name: self_checks
-- What came of computing each quarter with cards anew from the log, the latest first; null: never done.
SELECT quarter, checked_at, size, differs FROM (SELECT quarter FROM reports.card UNION SELECT quarter FROM reports.edition) AS kept
LEFT JOIN reports.self_check USING (quarter) ORDER BY quarter DESC;
