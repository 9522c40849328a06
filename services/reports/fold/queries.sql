-- Statements of the fold: its position, the reference events, live cards.

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
     f AS (DELETE FROM reports.publication), g AS (DELETE FROM reports.notice),
     h AS (DELETE FROM reports.counted), i AS (DELETE FROM reports.survey)
DELETE FROM reports.alert;

-- name: reference_events
-- Unit, catalogue and scoring events as they stand in the log.
SELECT index, type, unit, data, published FROM reports.reference_event ORDER BY index;

-- name: add_reference_events
-- Keep unit, catalogue and scoring events.
INSERT INTO reports.reference_event (index, type, unit, data, published)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::date[]);

-- name: cards_of_units
-- The stored cards of some units: a change of a unit's name or group touches them.
SELECT quarter, unit FROM reports.card WHERE unit = ANY($1::text[]);

-- name: all_cards
-- Every stored card: new rules touch them.
SELECT quarter, unit FROM reports.card;

-- name: put_cards
-- Write live cards as they now stand, with their rows in the quarter's list.
INSERT INTO reports.card (quarter, unit, body, row)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
ON CONFLICT (quarter, unit) DO UPDATE SET body = excluded.body, row = excluded.row
WHERE card.body <> excluded.body;

-- name: drop_cards
-- Cards that are none any more: the only inspection was voided.
DELETE FROM reports.card USING unnest($1::text[], $2::text[]) AS gone(quarter, unit)
WHERE card.quarter = gone.quarter AND card.unit = gone.unit;
