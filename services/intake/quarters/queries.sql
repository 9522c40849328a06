-- name: quarter_closings
-- Which editions of these quarters were cut, and the roots published of each.
SELECT quarter, edition, id::text,
       ARRAY(SELECT cards_root FROM intake.quarter_publication WHERE closing = quarter_closing.id) AS roots
FROM intake.quarter_closing WHERE quarter = ANY($1::text[]);

-- name: oldest_appeals
-- Since when the oldest appeal of each of these quarters waits.
SELECT quarter, min(case_step.at) AS since
FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection
JOIN intake.case_step ON case_step.finding = finding.id AND type = 'finding.appealed'
WHERE finding.state = 'appealed' AND quarter = ANY($1::text[]) GROUP BY quarter;

-- name: store_quarter_closings
-- Cuts of quarters.
INSERT INTO intake.quarter_closing (quarter, edition, id, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[]);

-- name: store_quarter_publications
-- Publications of cuts.
INSERT INTO intake.quarter_publication (id, closing, cards_root, received_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[]);

-- name: store_commendations
-- New commendations.
INSERT INTO intake.commendation (id, unit, code, day, received_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::timestamptz[]);
