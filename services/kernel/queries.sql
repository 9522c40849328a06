-- Statements of the kernel: identity, as every service reads it.

-- name: rights_of_tokens
-- The sessions of these token hashes that are valid now, each with its appointments (one row per appointment).
SELECT token_hash, account, kind, expires_at, role, unit, valid_from, valid_to
FROM identity.rights
WHERE token_hash = ANY($1::bytea[]) AND expires_at > now();

-- name: rights_of_accounts
-- The appointments of these accounts that are not disabled.
SELECT appointment.account, role, unit, valid_from, valid_to
FROM identity.appointment JOIN identity.account ON account.account = appointment.account
WHERE appointment.account = ANY($1::text[]) AND account.disabled_at IS NULL;

-- name: ancestors
-- Each unit with its chain of parents on a day, the unit itself first.
WITH RECURSIVE chain AS (
    SELECT wanted.unit, wanted.unit AS ancestor, 0 AS depth
    FROM unnest($1::text[]) AS wanted(unit)
    UNION ALL
    SELECT chain.unit, version.parent, chain.depth + 1
    FROM chain
    JOIN identity.unit_tree AS version ON version.unit = chain.ancestor
    WHERE version.parent IS NOT NULL AND chain.depth < 16
      AND version.valid_from <= $2 AND (version.valid_to IS NULL OR version.valid_to >= $2)
)
SELECT unit, ancestor FROM chain ORDER BY depth;

-- name: subtree
-- A unit and every unit below it on a day.
WITH RECURSIVE below AS (
    SELECT $1::text AS unit, 0 AS depth
    UNION
    SELECT version.unit, below.depth + 1
    FROM below
    JOIN identity.unit_tree AS version ON version.parent = below.unit
    WHERE below.depth < 16 AND version.valid_from <= $2 AND (version.valid_to IS NULL OR version.valid_to >= $2)
)
SELECT DISTINCT unit FROM below;
