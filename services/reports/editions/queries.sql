-- Statements of frozen editions, written once, and of their publications.

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
INSERT INTO reports.publication (index, closing, cards_root, own, time, stopped)
SELECT $1, $2, $3, $4, $5, EXISTS (
    SELECT FROM reports.self_check JOIN reports.edition USING (quarter) WHERE closing = $2 AND differs IS NOT NULL);

-- name: refused_publications
-- How many editions were published with a wrong root only.
SELECT count(*) FROM (SELECT FROM reports.publication GROUP BY closing HAVING NOT bool_or(own)) AS waiting;

-- name: strata
-- Visits, persons checked and persons found of each unit and quarter by how visits were chosen, without rechecks;
-- found: counted findings ($4 severities) of the codes that are a person's, each at most as many as were checked.
SELECT inspection.quarter, inspection.unit, inspection.selection, count(*) AS visits,
       sum(inspection.persons_checked)::bigint AS persons, sum(coalesce(found.persons, 0))::bigint AS observed
FROM reports.inspection
LEFT JOIN LATERAL (
    SELECT sum(least(finding.count, inspection.persons_checked)) AS persons
    FROM reports.finding
    JOIN unnest($2::text[], $3::text[]) AS personal(catalogue, code) USING (catalogue, code)
    WHERE finding.inspection = inspection.id AND severity = ANY($4::int[])
      AND reports.standing(severity, withdrawn, outcome, accepted, lapsed, contested) = 'counts'
) AS found ON true
WHERE inspection.quarter = ANY($1::text[]) AND closed_at IS NOT NULL AND NOT voided
  AND kind <> 'recheck' AND selection IN ('random', 'scheduled')
GROUP BY inspection.quarter, inspection.unit, inspection.selection;

-- name: inspectors
-- How many inspectors saw each unit in a quarter at those visits.
SELECT quarter, unit, count(DISTINCT member) AS inspectors
FROM reports.inspection LEFT JOIN LATERAL unnest(string_to_array(nullif(team, ''), ' ')) AS member ON true
WHERE quarter = ANY($1::text[]) AND closed_at IS NOT NULL AND NOT voided
  AND kind <> 'recheck' AND selection IN ('random', 'scheduled')
GROUP BY quarter, unit;

-- name: patient
-- A fit takes longer than a transaction may otherwise stand idle.
SET LOCAL idle_in_transaction_session_timeout = '5min';
