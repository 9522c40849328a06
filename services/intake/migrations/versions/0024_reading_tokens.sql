-- A spreadsheet that fetches what is published each month needs no role, and a token that lives longer than a day's work.
ALTER TABLE identity.session ADD COLUMN reads text
    CHECK (reads IS NULL OR (reads = 'published' AND kind = 'bearer' AND role IS NULL));
COMMENT ON COLUMN identity.session.reads IS
    'all that a token without a role reads: published editions; null of whoever comes with appointments';
CREATE OR REPLACE VIEW identity.rights AS
SELECT session.token_hash, session.account, session.kind, session.expires_at,
       appointment.role, appointment.unit, appointment.valid_from, appointment.valid_to,
       session.kind = 'browser'
           OR (appointment.role = session.role AND appointment.unit IS NOT DISTINCT FROM session.unit) AS carried,
       session.reads
FROM identity.session
JOIN identity.account ON account.account = session.account AND account.disabled_at IS NULL
LEFT JOIN identity.appointment ON appointment.account = session.account
    AND (session.kind = 'browser' OR appointment.role = 'unit_head'
         OR (appointment.role = session.role AND appointment.unit IS NOT DISTINCT FROM session.unit))
WHERE session.revoked_at IS NULL;
