-- Sessions and tokens whose time is over are removed.
GRANT DELETE ON identity.session TO kycuong_intake_app;
CREATE INDEX session_expires_at ON identity.session (expires_at);
