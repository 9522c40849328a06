CREATE TABLE intake.vault_check (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL
);
COMMENT ON TABLE intake.vault_check IS 'nothing, sealed under the key-encryption key at the first start: a start with another key is refused';
COMMENT ON COLUMN intake.vault_check.wrapped_key IS 'nonce and AES-256-GCM of the data key under the key-encryption key';
COMMENT ON COLUMN intake.vault_check.sealed IS 'nonce and AES-256-GCM of a salt alone under the data key';
GRANT SELECT, INSERT ON intake.vault_check TO kycuong_intake_app;
