-- Statements of channels.

-- name: channels
-- Channels by id.
SELECT id::text, kind, account, unit, removed_at IS NOT NULL AS removed FROM identity.channel WHERE id = ANY($1::uuid[]);

-- name: add_channel
-- A new channel; an address waits for its confirmation until $9.
INSERT INTO identity.channel (id, kind, account, unit, kinds, digest, sealed, confirm_hash, confirm_until, until, created_at)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: remove_channels
-- The end of channels; nothing private of them stays.
UPDATE identity.channel SET removed_at = $2, sealed = '', previous = NULL, confirm_hash = NULL WHERE id = ANY($1::uuid[]);

-- name: sealed
-- What is sealed of a channel, and of its secret before while that signs too.
SELECT sealed, CASE WHEN previous_until > $2 THEN previous END AS previous, previous_until
FROM identity.channel WHERE id = $1::uuid FOR UPDATE;

-- name: newest_sealed
-- What the folder's key must open: the channels sealed last, of those that stand.
SELECT id::text, sealed FROM identity.channel WHERE sealed <> '' ORDER BY created_at DESC LIMIT 10;

-- name: rotate
-- A hook's new secret beside the old one, which signs until $4 too.
UPDATE identity.channel SET sealed = $2, previous = $3, previous_until = $4 WHERE id = $1::uuid;

-- name: confirm
-- An address is its account's: the link was opened in time, once.
UPDATE identity.channel SET confirmed_at = $3, confirm_hash = NULL
WHERE id = $1::uuid AND confirm_hash = $2 AND confirm_until > $3 AND removed_at IS NULL
RETURNING id;

-- name: own_channels
-- An account's own channels of a kind that are there.
SELECT id::text, unit, kinds, digest, sealed, confirmed_at, until, created_at FROM identity.channel
WHERE kind = $1 AND account = $2 AND removed_at IS NULL ORDER BY id;

-- name: hooks
-- The hooks of some units, or of all with those of no unit.
SELECT id::text, account, unit, kinds, sealed, created_at FROM identity.channel
WHERE kind = 'webhook' AND removed_at IS NULL AND ($1::text[] IS NULL OR unit = ANY($1)) ORDER BY id;
