-- Statements of reports: its projections, written by the fold alone, and what the endpoints read of them.

-- name: head
-- The log prefix the projections stand at.
SELECT size, root, peaks, reference_index FROM reports.head;

-- name: move_head
-- Compare-and-set of the position, the first statement of every fold: no row means another fold was here.
UPDATE reports.head SET size = $2, root = $3, peaks = $4, reference_index = coalesce($5, reference_index)
WHERE size = $1
RETURNING size;

-- name: lock_head
-- The position, held until the transaction ends: a rebuild begins with it.
SELECT size FROM reports.head FOR UPDATE;

-- name: reset_head
-- Back to the empty log, inside a rebuild's transaction.
UPDATE reports.head SET size = 0, root = $1, peaks = '{}', reference_index = -1;

-- name: clear_projections
-- Forget what a rebuild makes again; frozen editions stay, and the rebuild must arrive at them.
WITH a AS (DELETE FROM reports.reference_event), b AS (DELETE FROM reports.inspection),
     c AS (DELETE FROM reports.finding), d AS (DELETE FROM reports.commendation), e AS (DELETE FROM reports.card),
     f AS (DELETE FROM reports.publication)
DELETE FROM reports.alert;

-- name: reference_events
-- Unit, catalogue and scoring events as they stand in the log.
SELECT index, type, unit, data, published FROM reports.reference_event ORDER BY index;

-- name: add_reference_events
-- Keep unit, catalogue and scoring events.
INSERT INTO reports.reference_event (index, type, unit, data, published)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::date[]);

-- name: inspections
-- Inspections by id.
SELECT id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at
FROM reports.inspection WHERE id = ANY($1::uuid[]);

-- name: put_inspections
-- Write inspections as they now stand.
INSERT INTO reports.inspection (id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked,
                                acknowledged_index, acknowledged_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::bigint[], $6::text[], $7::int[], $8::int[],
                     $9::bigint[], $10::text[])
ON CONFLICT (id) DO UPDATE SET
    closed_at = excluded.closed_at, persons_checked = excluded.persons_checked, files_checked = excluded.files_checked,
    acknowledged_index = excluded.acknowledged_index, acknowledged_at = excluded.acknowledged_at;

-- name: findings
-- Findings by id.
SELECT id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome, withdrawn
FROM reports.finding WHERE id = ANY($1::uuid[]);

-- name: put_findings
-- Write findings as they now stand.
INSERT INTO reports.finding (id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome,
                             withdrawn)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::smallint[], $6::int[], $7::bigint[],
                     $8::boolean[], $9::boolean[], $10::text[], $11::boolean[])
ON CONFLICT (id) DO UPDATE SET
    accepted = excluded.accepted, lapsed = excluded.lapsed, outcome = excluded.outcome, withdrawn = excluded.withdrawn;

-- name: add_commendations
-- Keep commendations.
INSERT INTO reports.commendation (id, unit, quarter, code, index)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[]);

-- name: findings_of
-- All findings of some inspections.
SELECT id, inspection, code, catalogue, severity, count, index, accepted, lapsed, outcome, withdrawn
FROM reports.finding WHERE inspection = ANY($1::uuid[]) ORDER BY index;

-- name: closed_inspections_of
-- The closed inspections of some cards, in log order.
SELECT id, unit, quarter, opened_on, opened_index, closed_at, persons_checked, files_checked,
       acknowledged_index, acknowledged_at
FROM unnest($1::text[], $2::text[]) AS wanted(quarter, unit)
JOIN reports.inspection USING (quarter, unit)
WHERE closed_at IS NOT NULL
ORDER BY opened_index;

-- name: commendations_of
-- The commendations of some cards, in log order.
SELECT unit, quarter, code
FROM unnest($1::text[], $2::text[]) AS wanted(quarter, unit)
JOIN reports.commendation USING (quarter, unit)
ORDER BY index;

-- name: cards_of_units
-- The stored cards of some units: a change of a unit's name or group touches them.
SELECT quarter, unit FROM reports.card WHERE unit = ANY($1::text[]);

-- name: all_cards
-- Every stored card: new rules touch them.
SELECT quarter, unit FROM reports.card;

-- name: active_units
-- The units with a closed inspection or a commendation in a quarter.
SELECT unit FROM reports.inspection WHERE quarter = $1 AND closed_at IS NOT NULL
UNION
SELECT unit FROM reports.commendation WHERE quarter = $1;

-- name: put_cards
-- Write live cards as they now stand, with their rows in the quarter's list.
INSERT INTO reports.card (quarter, unit, body, row)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
ON CONFLICT (quarter, unit) DO UPDATE SET body = excluded.body, row = excluded.row
WHERE card.body <> excluded.body;

-- name: put_alerts
-- Write alerts as they now stand.
INSERT INTO reports.alert (id, inspection, unit, created_at, acknowledged_at, body)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (id) DO UPDATE SET
    created_at = excluded.created_at, acknowledged_at = excluded.acknowledged_at, body = excluded.body;

-- name: drop_alerts
-- Alerts with nothing left to list.
DELETE FROM reports.alert WHERE id = ANY($1::uuid[]);

-- name: add_edition
-- Freeze an edition; one already frozen stays as it is.
INSERT INTO reports.edition (closing, quarter, edition, size, root, cards_root, rules)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (closing) DO NOTHING
RETURNING closing;

-- name: add_edition_cards
-- The frozen bytes of an edition's cards.
INSERT INTO reports.edition_card (closing, unit, grp, body, row)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]);

-- name: frozen_as
-- What an edition was frozen as.
SELECT size, root, cards_root FROM reports.edition WHERE closing = $1;

-- name: add_publication
-- A publication, and whether it named the root over the cards.
INSERT INTO reports.publication (index, closing, cards_root, own, time) VALUES ($1, $2, $3, $4, $5);

-- name: refused_publications
-- How many editions were published with a wrong root only.
SELECT count(*) FROM (SELECT FROM reports.publication GROUP BY closing HAVING NOT bool_or(own)) AS waiting;

-- name: edition
-- The first frozen edition of a quarter by its kind; since when it is open, and whether a wrong root was published.
SELECT closing::text, size, root, cards_root, rules, published_at, coalesce(refused, false) AS refused
FROM reports.edition
CROSS JOIN LATERAL (SELECT min(time) FILTER (WHERE own) AS published_at, bool_or(NOT own) AS refused
                    FROM reports.publication WHERE publication.closing = edition.closing) AS told
WHERE quarter = $1 AND edition = $2 ORDER BY size LIMIT 1;

-- name: editions
-- The frozen editions, the latest quarter first; all quarters without one given.
SELECT DISTINCT ON (quarter, edition) quarter, edition, closing::text, size, root, cards_root, published_at,
       coalesce(refused, false) AS refused
FROM reports.edition
CROSS JOIN LATERAL (SELECT min(time) FILTER (WHERE own) AS published_at, bool_or(NOT own) AS refused
                    FROM reports.publication WHERE publication.closing = edition.closing) AS told
WHERE $1::text IS NULL OR quarter = $1
ORDER BY quarter DESC, edition, size;

-- name: edition_rows
-- The rows of a frozen edition's list, by unit.
SELECT unit, grp, row FROM reports.edition_card WHERE closing = $1::uuid ORDER BY unit;

-- name: edition_card
-- One frozen card's bytes.
SELECT body FROM reports.edition_card WHERE closing = $1::uuid AND unit = $2;

-- name: card_rows
-- The rows of a quarter's live list.
SELECT unit, row FROM reports.card WHERE quarter = $1;

-- name: card
-- One live card.
SELECT body FROM reports.card WHERE quarter = $1 AND unit = $2;

-- name: quarters
-- The quarters in which something was inspected, the latest first.
SELECT DISTINCT quarter FROM reports.card ORDER BY quarter DESC;

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
-- How many findings of closed inspections of some units still take a reply and have none.
SELECT count(*) FROM reports.finding JOIN reports.inspection ON inspection.id = finding.inspection
WHERE inspection.closed_at IS NOT NULL AND inspection.unit = ANY($1::text[])
  AND severity BETWEEN 1 AND 3 AND accepted IS NULL AND NOT lapsed AND outcome IS NULL AND NOT withdrawn;

-- name: unanswered
-- Of some inspections those with a finding that its unit can still reply to.
SELECT DISTINCT inspection::text FROM reports.finding
WHERE inspection = ANY($1::uuid[]) AND severity BETWEEN 1 AND 3 AND accepted IS NULL AND NOT lapsed AND outcome IS NULL
  AND NOT withdrawn;

-- name: migrated
-- Whether the schema is there.
SELECT to_regclass('reports.head') IS NOT NULL;
