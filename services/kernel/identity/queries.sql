-- Statements of the kernel: identity, as every service reads it.

-- name: rights_of_tokens
-- The sessions of these token hashes that are valid now, each with its appointments (one row per appointment), and with
-- those as head that its token does not carry.
SELECT token_hash, account, kind, expires_at, role, unit, valid_from, valid_to, carried, reads
FROM identity.rights
WHERE token_hash = ANY($1::bytea[]) AND expires_at > now();

-- name: note_reading
-- A token that reads published editions was used.
SELECT identity.note_reading($1);

-- name: rights_of_accounts
-- The appointments of these accounts that are not disabled.
SELECT appointment.account, role, unit, valid_from, valid_to
FROM identity.appointment JOIN identity.account ON account.account = appointment.account
WHERE appointment.account = ANY($1::text[]) AND account.disabled_at IS NULL;

-- name: units_near
-- Every version of a unit, of all that ever was above it or took its cases over, and of these in turn; and who took over.
WITH RECURSIVE near(unit) AS (
    SELECT $1::text
    UNION
    SELECT step.unit FROM near CROSS JOIN LATERAL (
        SELECT parent AS unit FROM identity.unit_tree WHERE unit_tree.unit = near.unit AND parent IS NOT NULL
        UNION ALL
        SELECT to_unit FROM identity.lineage WHERE from_unit = near.unit AND cases_to
    ) AS step
)
SELECT unit, valid_from, parent, NULL AS heir FROM identity.unit_tree JOIN near USING (unit)
UNION ALL
SELECT from_unit, valid_from, NULL, to_unit FROM identity.lineage JOIN near ON unit = from_unit WHERE cases_to
ORDER BY valid_from;
