-- Statements of minutes.

-- name: team_members
-- The accounts of a team with their names, and whether each was a lead at an instant; the opener first.
SELECT account.account, display_name, EXISTS (
    SELECT FROM identity.appointment
    WHERE appointment.account = account.account AND role = 'lead' AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
) AS leads
FROM unnest($1::text[]) WITH ORDINALITY AS team(account, place)
JOIN identity.account ON account.account = team.account ORDER BY place;

-- name: minutes_findings
-- The findings of an inspection as its minutes name them, and whether each came only after the closing.
SELECT finding.id::text, code, severity, count, jsonb_array_length(photos) AS photos, finding.state, captured_at,
       finding.received_at > closed.accepted_at AS added
FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection JOIN intake.write AS closed ON closed.id = closing
WHERE finding.inspection = $1 ORDER BY finding.id;

-- name: lock_inspection
-- Against another edition of its minutes being made at the same time.
SELECT 1 FROM intake.inspection WHERE id = $1 FOR NO KEY UPDATE;

-- name: standing_minutes
-- The editions of an inspection's minutes that stand, newest first: those that have their salt.
SELECT content, salt FROM intake.minutes_issue WHERE inspection = $1 AND salt IS NOT NULL ORDER BY issued_at DESC;

-- name: issue_minutes
-- A new edition; those before it lose their salt, so that their hashes tell nothing more, but for those still true ($6).
WITH earlier AS (UPDATE intake.minutes_issue SET salt = NULL WHERE inspection = $2 AND content <> ALL($6::text[]))
INSERT INTO intake.minutes_issue (content, inspection, salt, figures, issued_at) VALUES ($1, $2, $3, $4, $5);

-- name: note_minutes_file
-- A file of minutes as it is given out.
INSERT INTO intake.minutes_file (sha256, content, kind, bytes, issued_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (sha256) DO NOTHING;

-- name: minutes_file
-- The file of a hash, with the edition it shows.
SELECT kind, issued_at, content FROM intake.minutes_file WHERE sha256 = $1;

-- name: minutes_issue
-- The edition of a hash; a later one, or an erasure, took its salt; the closing may have been put right since.
SELECT minutes_issue.inspection::text, salt, figures, minutes_issue.issued_at, coalesce(correction, closing)::text AS closing,
       inspection.catalogue, corrected.accepted_at > minutes_issue.issued_at OR inspection.state = 'voided' AS overtaken
FROM intake.minutes_issue JOIN intake.inspection ON inspection.id = minutes_issue.inspection
LEFT JOIN intake.write AS corrected ON corrected.id = correction
WHERE minutes_issue.content = $1;
