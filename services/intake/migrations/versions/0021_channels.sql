-- Where people and programs want to be told. Intake writes it, reports sends there; neither the log nor the vault has it.
CREATE TABLE identity.channel (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('address', 'webhook', 'push', 'silence')),
    account text NOT NULL REFERENCES identity.account,
    unit text,
    kinds text[],
    digest boolean NOT NULL DEFAULT false,
    sealed bytea NOT NULL,
    previous bytea,
    previous_until timestamptz,
    confirm_hash bytea,
    confirm_until timestamptz,
    confirmed_at timestamptz,
    until timestamptz,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
COMMENT ON COLUMN identity.channel.unit IS 'of a hook: whose notices, null for all; of a silence: whose it keeps back';
COMMENT ON COLUMN identity.channel.sealed IS 'the address, URL, secret or reason, under the folder''s channel key';
COMMENT ON COLUMN identity.channel.previous IS 'of a hook: what was sealed before its last rotation, which signs too for a day';
COMMENT ON COLUMN identity.channel.confirm_hash IS 'of an address: SHA-256 of its link''s secret, until it is opened';
CREATE INDEX channel_of_account ON identity.channel (account, kind) WHERE removed_at IS NULL;
CREATE INDEX channel_hooks ON identity.channel (unit) WHERE kind = 'webhook' AND removed_at IS NULL;
CREATE INDEX channel_unconfirmed ON identity.channel (id) WHERE kind = 'address' AND confirmed_at IS NULL AND removed_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON identity.channel TO kycuong_intake_app;
GRANT SELECT ON identity.channel TO kycuong_reports_app;
