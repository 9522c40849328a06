-- What a unit may not know of is kept from its head whatever else he is, and whatever of it a token carries: so his posts
-- are told beside the appointments that a session carries.
CREATE OR REPLACE VIEW identity.rights AS
SELECT session.token_hash, session.account, session.kind, session.expires_at,
       appointment.role, appointment.unit, appointment.valid_from, appointment.valid_to,
       session.kind = 'browser'
           OR (appointment.role = session.role AND appointment.unit IS NOT DISTINCT FROM session.unit) AS carried
FROM identity.session
JOIN identity.account ON account.account = session.account AND account.disabled_at IS NULL
LEFT JOIN identity.appointment ON appointment.account = session.account
    AND (session.kind = 'browser' OR appointment.role = 'unit_head'
         OR (appointment.role = session.role AND appointment.unit IS NOT DISTINCT FROM session.unit))
WHERE session.revoked_at IS NULL;
COMMENT ON VIEW identity.rights IS
    'a session''s appointments; a bearer token''s only the one it carries, and beside it, not carried, those as head';

-- Who may read an entry of the log depends on whose case it is about; the log itself knows pseudonyms only. It may ask of
-- one account and one case, and list no teams.
CREATE FUNCTION identity.case_as(about uuid, asking text) RETURNS TABLE (mine boolean, kept boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT asking = ANY(inspection.team), finding.severity = 4
    FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection WHERE finding.id = about
    UNION ALL
    SELECT asking = ANY(inspection.team), false FROM intake.inspection WHERE inspection.id = about
$$;
COMMENT ON FUNCTION identity.case_as IS
    'of a finding or inspection: whether an account is of its team, and whether it is kept from the unit (severity 4)';
REVOKE ALL ON FUNCTION identity.case_as FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.case_as TO kycuong_audit_app;
