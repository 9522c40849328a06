-- Each service has its own schema with an owner role (migrations) and an app role (runtime); none reads another's
-- tables but the views of `identity`. Run by the administrator, again and again without harm; passwords are set apart.
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['intake_owner', 'intake_app', 'audit_owner', 'audit_app', 'reports_owner', 'reports_app', 'stream_owner'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kycuong_' || role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', 'kycuong_' || role_name);
        END IF;
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO kycuong_intake_owner, kycuong_intake_app, kycuong_audit_owner, kycuong_audit_app, kycuong_reports_owner, kycuong_reports_app, kycuong_stream_owner', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS intake AUTHORIZATION kycuong_intake_owner;
CREATE SCHEMA IF NOT EXISTS identity AUTHORIZATION kycuong_intake_owner;
CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION kycuong_audit_owner;
CREATE SCHEMA IF NOT EXISTS reports AUTHORIZATION kycuong_reports_owner;
CREATE SCHEMA IF NOT EXISTS stream AUTHORIZATION kycuong_stream_owner;

GRANT USAGE ON SCHEMA intake TO kycuong_intake_app;
GRANT USAGE ON SCHEMA identity TO kycuong_intake_app, kycuong_audit_app, kycuong_reports_app;
GRANT USAGE ON SCHEMA audit TO kycuong_audit_app;
GRANT USAGE ON SCHEMA reports TO kycuong_reports_app;
GRANT USAGE ON SCHEMA stream TO kycuong_intake_app, kycuong_audit_app, kycuong_reports_app;
