-- Who is told of a case follows from who held which post at that time; a disabled account holds none.
CREATE VIEW identity.post AS
SELECT appointment.account, role, unit, valid_from, least(valid_to, disabled_at) AS valid_to
FROM identity.appointment JOIN identity.account ON account.account = appointment.account;
COMMENT ON VIEW identity.post IS 'every appointment there was, until it ended or its account was disabled';
GRANT SELECT ON identity.post TO kycuong_reports_app;
