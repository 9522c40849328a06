-- Statements of people: accounts, appointments, sessions and tokens, in schema identity.

-- name: lost_people
-- Persons whose accounts nobody knows any more, with the inspections that they took part in.
SELECT ref, lost_ref.quarter, inspection.id::text AS inspection, unit, opened_at, basis
FROM intake.lost_ref LEFT JOIN intake.inspection ON inspection.team @> ARRAY['?' || ref]
ORDER BY lost_ref.quarter, ref, inspection.id;

-- name: recall_ref
-- Somebody knows whose this pseudonym was.
DELETE FROM intake.lost_ref WHERE ref = $1 RETURNING quarter;

-- name: recall_pseudonym
-- Keep it for the account, unless that has another one of the quarter by now.
INSERT INTO intake.vault_pseudonym (account, quarter, ref) VALUES ($1, $2, $3) ON CONFLICT (account, quarter) DO NOTHING;

-- name: recall_person
-- Write the account wherever the lost person stands.
WITH named AS (SELECT $1::text AS account, '?' || $2::text AS lost), opened AS (
    UPDATE intake.inspection
    SET team = array_replace(team, lost, account), opener = CASE WHEN opener = lost THEN account ELSE opener END
    FROM named WHERE team @> ARRAY[lost]
), filed AS (
    UPDATE intake.finding SET filer = account FROM named WHERE filer = lost
)
UPDATE intake.write SET account = named.account FROM named WHERE write.account = lost;

-- name: password_hash
-- The password hash of an account that may sign in.
SELECT password_hash FROM identity.account WHERE account = $1 AND disabled_at IS NULL;

-- name: open_session
-- A session that ends after $6 by the database's clock.
INSERT INTO identity.session (token_hash, account, kind, role, unit, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, now(), now() + $6::interval);

-- name: open_reading
-- A token without an appointment, which reads what $3 says and ends after $4 by the database's clock.
INSERT INTO identity.session (token_hash, account, kind, reads, created_at, expires_at)
VALUES ($1, $2, 'bearer', $3, now(), now() + $4::interval) ON CONFLICT (token_hash) DO NOTHING;

-- name: reading_tokens
-- The tokens that read what is published and are good now, the newest first; each by the start of its hash.
SELECT left(encode(token_hash, 'hex'), 16) AS id, account, reads, created_at, expires_at, used_at FROM identity.session
WHERE reads IS NOT NULL AND revoked_at IS NULL AND expires_at > now()
ORDER BY created_at DESC, id;

-- name: reading_token
-- A token that was made, just now or before.
SELECT left(encode(token_hash, 'hex'), 16) AS id, account, reads, expires_at, expires_at - created_at AS life, used_at,
       revoked_at IS NOT NULL OR expires_at <= now() AS over
FROM identity.session WHERE token_hash = $1;

-- name: revoke_reading
-- Revoke a token that reads what is published, if it is still good.
UPDATE identity.session SET revoked_at = now()
WHERE reads IS NOT NULL AND revoked_at IS NULL AND expires_at > now() AND left(encode(token_hash, 'hex'), 16) = $1
RETURNING 1;

-- name: open_signed_in
-- A browser's session, if the password is still the one that was checked: a change of it waits for this, or this for it.
INSERT INTO identity.session (token_hash, account, kind, created_at, expires_at)
SELECT $1, account, 'browser', now(), now() + $4::interval FROM identity.account
WHERE account = $2 AND password_hash = $3 AND disabled_at IS NULL FOR SHARE
RETURNING account;

-- name: end_sessions
-- Revoke all sessions and tokens of an account.
UPDATE identity.session SET revoked_at = now() WHERE account = $1 AND revoked_at IS NULL AND expires_at > now();

-- name: list_sessions
-- Sessions and tokens that are good now, of an account or ($1 null) of all, the newest first; each by the start of its hash.
SELECT left(encode(token_hash, 'hex'), 16) AS id, account, kind, role, unit, reads, created_at, used_at, expires_at
FROM identity.session WHERE revoked_at IS NULL AND expires_at > now() AND ($1::text IS NULL OR account = $1)
ORDER BY created_at DESC, id;

-- name: revoke_sessions
-- Revoke the good sessions and tokens whose hash begins so.
UPDATE identity.session SET revoked_at = now()
WHERE revoked_at IS NULL AND expires_at > now() AND left(encode(token_hash, 'hex'), 16) = ANY($1::text[])
RETURNING left(encode(token_hash, 'hex'), 16) AS id;

-- name: disable_account
-- An account that may do nothing from now on; what it did stays.
UPDATE identity.account SET disabled_at = coalesce(disabled_at, now()) WHERE account = $1 RETURNING account;

-- name: enable_account
-- An account that may sign in again.
UPDATE identity.account SET disabled_at = NULL WHERE account = $1 RETURNING account;

-- name: sweep_sessions
-- Remove at most $1 sessions and tokens whose time is over, by the database's clock as it judges them; those in use are left.
DELETE FROM identity.session WHERE token_hash IN (
    SELECT token_hash FROM identity.session WHERE expires_at <= now() LIMIT $1 FOR UPDATE SKIP LOCKED
)
RETURNING 1;

-- name: end_session
-- Revoke a session.
UPDATE identity.session SET revoked_at = now() WHERE token_hash = $1 AND revoked_at IS NULL;

-- name: add_account
-- A new account; a known one stays as it is.
INSERT INTO identity.account (account, display_name, password_hash, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account) DO NOTHING;

-- name: change_account
-- Another display name or password for a known account.
UPDATE identity.account
SET display_name = coalesce($2, display_name), password_hash = coalesce($3, password_hash)
WHERE account = $1;

-- name: account_state
-- Whether there is such an account, and whether it is disabled.
SELECT disabled_at IS NOT NULL AS disabled FROM identity.account WHERE account = $1 FOR SHARE;

-- name: unit_exists
-- Whether the unit was ever registered.
SELECT 1 FROM identity.unit WHERE unit = $1;

-- name: list_accounts
-- All accounts with their appointments.
SELECT account.account, account.display_name, account.disabled_at, appointment.id::text, appointment.role, appointment.unit,
       appointment.valid_from, appointment.valid_to
FROM identity.account LEFT JOIN identity.appointment ON appointment.account = account.account
ORDER BY account.account, appointment.valid_from;

-- name: current_appointment
-- An appointment of an account to a role and unit that holds now.
SELECT id FROM identity.appointment
WHERE account = $1 AND role = $2 AND unit IS NOT DISTINCT FROM $3 AND valid_from <= $4 AND (valid_to IS NULL OR valid_to > $4)
LIMIT 1;

-- name: add_appointment
-- A new appointment.
INSERT INTO identity.appointment (id, account, role, unit, valid_from, valid_to, tenure) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: end_appointment
-- End an appointment that is still running.
UPDATE identity.appointment SET valid_to = $2 WHERE id = $1 AND (valid_to IS NULL OR valid_to > $2) RETURNING unit, tenure;
