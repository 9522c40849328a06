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
INSERT INTO reports.publication (index, closing, cards_root, own, time) VALUES ($1, $2, $3, $4, $5);

-- name: refused_publications
-- How many editions were published with a wrong root only.
SELECT count(*) FROM (SELECT FROM reports.publication GROUP BY closing HAVING NOT bool_or(own)) AS waiting;
