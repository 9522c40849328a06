-- Statements of the vault.

-- name: pseudonyms
-- The pseudonyms of these accounts, for every quarter they have one.
SELECT account, quarter, ref FROM intake.vault_pseudonym WHERE account = ANY($1::text[]);

-- name: add_pseudonyms
-- Give accounts pseudonyms for a quarter; one that another process just gave stands.
INSERT INTO intake.vault_pseudonym (account, quarter, ref, since_loss)
SELECT account, quarter, ref, EXISTS (SELECT FROM intake.lost_ref WHERE lost_ref.quarter = given.quarter)
FROM unnest($1::text[], $2::text[], $3::text[]) AS given(account, quarter, ref);

-- name: vault_check
-- What the key-encryption key sealed at the first start.
SELECT wrapped_key, sealed FROM intake.vault_check;

-- name: keep_vault_check
-- Keep it, unless another process just has.
INSERT INTO intake.vault_check (wrapped_key, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: newest_sealed
-- A few of the newest private parts, by which a database older than the check value knows its key.
SELECT event_id::text, grp, wrapped_key, sealed FROM intake.vault_part WHERE wrapped_key IS NOT NULL
ORDER BY event_id DESC LIMIT 50;

-- name: parts
-- The sealed private parts of these events.
SELECT event_id::text, grp, wrapped_key, sealed, erased_at, lost_at FROM intake.vault_part WHERE event_id = ANY($1::uuid[]);

-- name: apart
-- Which of these accounts had a pseudonym in these quarters before any was lost: they are none of the lost persons.
SELECT account, quarter FROM intake.vault_pseudonym
WHERE account = ANY($1::text[]) AND quarter = ANY($2::text[]) AND NOT since_loss;
