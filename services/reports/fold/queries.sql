-- Statements of the fold: its position, the reference events, live cards.

-- name: head
-- The log prefix the projections stand at, whether a card has still to be rendered, and what becomes another text with every
-- fold, rebuild and fit: as long as it is the same and no card is stale, so is all that is read of the projections.
SELECT size, root, peaks, reference_index, EXISTS (SELECT FROM reports.stale) AS stale,
       concat_ws(' ', size, encode(root, 'hex'), xmin, (SELECT string_agg(concat(quarter, ' ', fit.xmin), ' ' ORDER BY quarter) FROM reports.fit)) AS moved
FROM reports.head;

-- name: reference_index
-- The last unit, catalogue or scoring event of that prefix.
SELECT reference_index FROM reports.head;

-- name: move_head
-- Compare-and-set of the position, the first statement of every fold: no row means another fold was here.
UPDATE reports.head SET size = $2, root = $3, peaks = $4, reference_index = coalesce($5, reference_index)
WHERE size = $1
RETURNING size;

-- name: impatient
-- While a rebuild holds the head, the fold steps back after a second and tries again: who reads waits for its turn. And no
-- plan reads a table through: one made while it is small would be kept while it grows.
SELECT set_config('lock_timeout', '1s', true), set_config('enable_seqscan', 'off', true);

-- name: patient
-- Rendering on other connections takes longer than a transaction may otherwise stand idle. As for plans, see above.
SELECT set_config('idle_in_transaction_session_timeout', '10min', true), set_config('enable_seqscan', 'off', true);

-- name: lock_head
-- The position, held until the transaction ends: a rebuild begins with it.
SELECT size FROM reports.head FOR UPDATE;

-- name: hold_head
-- Nobody folds while a reader renders what is stale and opens its snapshot.
SELECT FROM reports.head FOR SHARE;

-- name: reset_head
-- Back to the empty log, inside a rebuild's transaction.
UPDATE reports.head SET size = 0, root = $1, peaks = '{}', reference_index = -1;

-- name: clear_projections
-- Forget what a rebuild makes again; frozen editions stay, and the rebuild must arrive at them.
WITH a AS (DELETE FROM reports.reference_event), b AS (DELETE FROM reports.inspection),
     c AS (DELETE FROM reports.finding), d AS (DELETE FROM reports.commendation), e AS (DELETE FROM reports.card),
     f AS (DELETE FROM reports.publication), g AS (DELETE FROM reports.notice),
     h AS (DELETE FROM reports.counted), i AS (DELETE FROM reports.survey), j AS (DELETE FROM reports.stale)
DELETE FROM reports.alert;

-- name: reference_events
-- Unit, catalogue and scoring events as they stand in the log.
SELECT index, type, unit, data, published FROM reports.reference_event ORDER BY index;

-- name: add_reference_events
-- Keep unit, catalogue and scoring events.
INSERT INTO reports.reference_event (index, type, unit, data, published)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::date[]);

-- name: cards_of_units
-- The cards of some units, also those still to be rendered: a change of a unit's name or group touches them.
SELECT quarter, unit FROM reports.card WHERE unit = ANY($1::text[])
UNION SELECT quarter, unit FROM reports.stale WHERE unit = ANY($1::text[]);

-- name: all_cards
-- Every card, also those still to be rendered: new rules touch them.
SELECT quarter, unit FROM reports.card UNION SELECT quarter, unit FROM reports.stale;

-- name: mark_stale
-- Cards whose facts this transaction changes, in the order in which they are rendered.
INSERT INTO reports.stale (quarter, unit) SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (quarter, unit) DO UPDATE SET mark = excluded.mark;

-- name: is_stale
-- Whether a card of some quarters has still to be rendered, or a unit's in them.
SELECT EXISTS (SELECT FROM reports.stale WHERE quarter = ANY($1::text[]) AND ($2::text IS NULL OR unit = $2));

-- name: stale
-- Some cards that are to be rendered, of any quarter the newest first, of some, or of a unit in them; but for those under
-- these marks, which could not be.
SELECT quarter, unit, mark FROM reports.stale
WHERE ($2::text[] IS NULL OR quarter = ANY($2)) AND ($3::text IS NULL OR unit = $3)
  AND (quarter, unit, mark) NOT IN (SELECT * FROM unnest($4::text[], $5::text[], $6::bigint[]))
ORDER BY quarter DESC, unit LIMIT $1;

-- name: put_rendered
-- Write live cards and their rows in the quarter's list as rendered of the facts under these marks; without a body there is
-- no card any more. One that was marked anew meanwhile stays as it is, and stale.
WITH rendered AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
        AS rendered(quarter, unit, mark, body, row)
), current AS (
    SELECT rendered.* FROM rendered JOIN reports.stale USING (quarter, unit, mark)
    ORDER BY quarter COLLATE "C", unit COLLATE "C" FOR UPDATE OF stale
), cleared AS (
    DELETE FROM reports.stale USING current WHERE (stale.quarter, stale.unit) = (current.quarter, current.unit)
), gone AS (
    DELETE FROM reports.card USING current
    WHERE (card.quarter, card.unit) = (current.quarter, current.unit) AND current.body IS NULL
)
INSERT INTO reports.card (quarter, unit, body, row)
SELECT quarter, unit, body, row FROM current WHERE body IS NOT NULL
ON CONFLICT (quarter, unit) DO UPDATE SET body = excluded.body, row = excluded.row
WHERE card.body <> excluded.body OR card.row <> excluded.row;

-- name: want_fits
-- Some quarters' comparisons may differ from now on.
INSERT INTO reports.fit (quarter, wanted)
SELECT quarter, head.size FROM unnest($1::text[]) AS quarter, reports.head
ON CONFLICT (quarter) DO UPDATE SET wanted = excluded.wanted;

-- name: want_all_fits
-- Units or rules changed: any comparison may differ.
UPDATE reports.fit SET wanted = (SELECT size FROM reports.head);

-- name: fits_wanted
-- The quarters up to one whose comparison is behind what it is made of, the latest first.
SELECT quarter FROM reports.fit WHERE size < wanted AND quarter <= $1 ORDER BY quarter DESC;

-- name: put_comparisons
-- A quarter's comparisons as fitted, in place of those before.
WITH told AS (SELECT * FROM unnest($2::text[], $3::text[]) AS told(unit, body)),
     gone AS (DELETE FROM reports.comparison WHERE quarter = $1 AND unit NOT IN (SELECT unit FROM told))
INSERT INTO reports.comparison (quarter, unit, body) SELECT $1, unit, body FROM told
ON CONFLICT (quarter, unit) DO UPDATE SET body = excluded.body WHERE comparison.body <> excluded.body;

-- name: fitted_at
-- At which size of the log a quarter was fitted.
UPDATE reports.fit SET size = $2 WHERE quarter = $1;

-- name: lacking_up_to
-- The size of the log that has all that an earlier program did not keep of openings and decisions; null when nothing lacks.
SELECT size FROM reports.head
WHERE EXISTS (SELECT FROM reports.inspection WHERE selection = '')
   OR EXISTS (SELECT FROM reports.finding WHERE outcome IS NOT NULL AND first_outcome IS NULL);

-- name: fill_openings
-- Keep the openings.
UPDATE reports.inspection SET kind = told.kind, selection = told.selection, team = told.team
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS told(id, kind, selection, team)
WHERE inspection.id = told.id AND inspection.selection = ''
RETURNING quarter;

-- name: fill_decisions
-- Keep the decisions.
UPDATE reports.finding SET first_outcome = told.first, again = told.again, second_outcome = told.second
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[]) AS told(id, first, again, second)
WHERE finding.id = told.id AND outcome IS NOT NULL AND first_outcome IS NULL
RETURNING finding.id;

-- name: quarters_to_check
-- Every quarter with cards, live or frozen, that was not checked after an instant.
SELECT quarter FROM (SELECT quarter FROM reports.card UNION SELECT quarter FROM reports.edition) AS kept
LEFT JOIN reports.self_check USING (quarter) WHERE checked_at IS NULL OR checked_at <= $1 ORDER BY quarter;

-- name: cards_of_quarter
-- The live cards of a quarter, with their rows.
SELECT unit, body, row FROM reports.card WHERE quarter = $1;

-- name: editions_of_quarter
-- What a quarter was frozen as.
SELECT closing, size, root, cards_root FROM reports.edition WHERE quarter = $1;

-- name: cards_of_edition
-- A frozen edition's cards in the order of its root, with their rows.
SELECT body, row FROM reports.edition_card WHERE closing = $1 ORDER BY unit COLLATE "C";

-- name: put_check
-- What came of computing a quarter anew.
INSERT INTO reports.self_check (quarter, checked_at, size, differs) VALUES ($1, $2, $3, $4)
ON CONFLICT (quarter) DO UPDATE SET
    checked_at = excluded.checked_at, size = excluded.size, differs = excluded.differs;

-- name: stop_publications
-- Of a quarter nothing is published while its stored cards are not what the log says.
UPDATE reports.publication SET stopped = $2
FROM reports.edition WHERE edition.closing = publication.closing AND quarter = $1 AND stopped <> $2;

-- name: differing
-- The quarters whose stored cards are not what the log says.
SELECT quarter, differs FROM reports.self_check WHERE differs IS NOT NULL ORDER BY quarter;
