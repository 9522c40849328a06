-- Schema identity: who may do what, and the tree of units. Intake writes it, every service reads its views.
CREATE TABLE identity.account (
    account text PRIMARY KEY CHECK (account ~ '^[a-z0-9][a-z0-9._-]{1,94}$'),
    display_name text,
    password_hash text,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE TABLE identity.appointment (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES identity.account,
    role text NOT NULL CHECK (role IN ('inspector', 'lead', 'unit_head', 'reviewer', 'auditor', 'admin')),
    unit text,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz,
    tenure uuid
);
COMMENT ON COLUMN identity.appointment.tenure IS 'random id of a head''s time in post; only this table maps it';
CREATE INDEX appointment_account ON identity.appointment (account);
CREATE TABLE identity.session (
    token_hash bytea PRIMARY KEY,
    account text NOT NULL REFERENCES identity.account,
    kind text NOT NULL CHECK (kind IN ('bearer', 'browser')),
    role text,
    unit text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
COMMENT ON COLUMN identity.session.role IS 'what a bearer token is limited to; null for a browser';
CREATE TABLE identity.unit (
    unit text PRIMARY KEY CHECK (unit ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
    registered_at timestamptz NOT NULL
);
CREATE TABLE identity.unit_version (
    unit text NOT NULL REFERENCES identity.unit,
    valid_from date NOT NULL,
    valid_to date,
    name text NOT NULL,
    grp text NOT NULL CHECK (grp IN ('so', 'xa', 'phuong', 'dvsn', 'other')),
    parent text,
    staff int NOT NULL,
    set_fields text[] NOT NULL DEFAULT '{name,group,parent,staff}'
        CHECK (set_fields <@ '{name,group,parent,staff}' AND set_fields <> '{}'),
    PRIMARY KEY (unit, valid_from)
);
COMMENT ON COLUMN identity.unit_version.valid_to IS 'the last day, included; null while open';
COMMENT ON COLUMN identity.unit_version.set_fields IS
    'what a change dated valid_from named; the other fields are those of the version before';
CREATE INDEX unit_version_parent ON identity.unit_version (parent);
CREATE TABLE identity.lineage (
    id uuid NOT NULL,
    kind text NOT NULL,
    from_unit text NOT NULL,
    to_unit text NOT NULL,
    valid_from date NOT NULL,
    cases_to boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN identity.lineage.cases_to IS 'whether the open cases of from_unit pass to to_unit';

CREATE VIEW identity.rights AS
SELECT session.token_hash, session.account, session.kind, session.expires_at,
       appointment.role, appointment.unit, appointment.valid_from, appointment.valid_to
FROM identity.session
JOIN identity.account ON account.account = session.account AND account.disabled_at IS NULL
LEFT JOIN identity.appointment ON appointment.account = session.account
    AND (session.kind = 'browser'
         OR (appointment.role = session.role AND appointment.unit IS NOT DISTINCT FROM session.unit))
WHERE session.revoked_at IS NULL;
COMMENT ON VIEW identity.rights IS 'a session''s appointments; a bearer token''s only the one it carries';
CREATE VIEW identity.unit_tree AS SELECT * FROM identity.unit_version;

GRANT SELECT ON identity.rights, identity.unit_tree, identity.lineage
    TO kycuong_intake_app, kycuong_audit_app, kycuong_reports_app;
GRANT SELECT, INSERT, UPDATE ON identity.account, identity.appointment, identity.session
    TO kycuong_intake_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.unit_version TO kycuong_intake_app;
GRANT SELECT, INSERT ON identity.unit, identity.lineage TO kycuong_intake_app;

-- Schema intake: the write side.
CREATE TABLE intake.unit_sequence (
    unit text PRIMARY KEY,
    last_seq bigint NOT NULL
);
COMMENT ON TABLE intake.unit_sequence IS 'the last unitseq given; its row lock orders the writes of a unit';
CREATE TABLE intake.directory (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version bigint NOT NULL
);
COMMENT ON TABLE intake.directory IS 'counts the changes of the unit tree, so a process knows when to read it again';
INSERT INTO intake.directory VALUES (true, 0);
INSERT INTO intake.unit_sequence VALUES ('-', 0);

CREATE TABLE intake.write (
    id uuid PRIMARY KEY,
    account text NOT NULL,
    content bytea NOT NULL,
    answer bytea NOT NULL,
    accepted_at timestamptz NOT NULL
);
COMMENT ON COLUMN intake.write.content IS 'SHA-256 of the RFC 8785 form of path and public part';
COMMENT ON COLUMN intake.write.answer IS 'the bytes of the first answer; a replay gets the same';
CREATE TABLE intake.inspection (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    kind text NOT NULL,
    selection text NOT NULL,
    basis text NOT NULL,
    opened_at timestamptz NOT NULL,
    quarter text NOT NULL,
    catalogue text NOT NULL,
    opener text NOT NULL,
    team text[] NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    closing uuid UNIQUE,
    closed_at timestamptz,
    roll jsonb,
    reply_due timestamptz,
    acknowledged boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN intake.inspection.acknowledged IS 'false again when a finding joins the alert later';
CREATE INDEX inspection_unit ON intake.inspection (unit, id);
CREATE INDEX inspection_team ON intake.inspection USING gin (team);
CREATE TABLE intake.finding (
    id uuid PRIMARY KEY,
    inspection uuid NOT NULL,
    unit text NOT NULL,
    code text NOT NULL,
    catalogue text NOT NULL,
    severity smallint NOT NULL,
    count int NOT NULL,
    captured_at timestamptz NOT NULL,
    photos jsonb NOT NULL,
    filer text NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('recorded', 'withdrawn', 'replied', 'lapsed', 'decided')),
    accepts boolean,
    lapsed boolean NOT NULL DEFAULT false,
    outcome text,
    withdrawal uuid,
    reply uuid,
    decision uuid,
    reply_due timestamptz,
    lapse_after timestamptz
);
COMMENT ON COLUMN intake.finding.lapse_after IS
    'the reply deadline, or later: the alerting event must have been in the log for the whole reply period';
COMMENT ON COLUMN intake.finding.reply IS 'the write that replied, under whose id its private part lies; so withdrawal and decision';
CREATE INDEX finding_inspection ON intake.finding (inspection, id);
CREATE INDEX finding_unit ON intake.finding (unit, id);
CREATE INDEX finding_lapsing ON intake.finding (lapse_after)
    WHERE state = 'recorded' AND severity BETWEEN 1 AND 3 AND lapse_after IS NOT NULL;
CREATE TABLE intake.commendation (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    code text NOT NULL,
    day date NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE TABLE intake.quarter_closing (
    quarter text NOT NULL,
    edition text NOT NULL CHECK (edition IN ('flash', 'official')),
    id uuid NOT NULL UNIQUE,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (quarter, edition)
);

-- The vault: the only place with personal data, and the only map from pseudonyms to accounts.
CREATE TABLE intake.vault_part (
    event_id uuid NOT NULL,
    grp text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (event_id, grp)
);
COMMENT ON COLUMN intake.vault_part.wrapped_key IS 'nonce and AES-256-GCM of the data key under the key-encryption key';
COMMENT ON COLUMN intake.vault_part.sealed IS 'nonce and AES-256-GCM of salt and bytes under the data key';
CREATE TABLE intake.vault_pseudonym (
    account text NOT NULL,
    quarter text NOT NULL,
    ref text NOT NULL UNIQUE,
    PRIMARY KEY (account, quarter)
);
CREATE TABLE intake.vault_read (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    role text NOT NULL,
    finding uuid NOT NULL,
    reason text,
    read_at timestamptz NOT NULL
);
COMMENT ON TABLE intake.vault_read IS 'who opened a private part, when, and an auditor''s reason';

CREATE TABLE intake.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    unit text NOT NULL,
    unitseq bigint NOT NULL,
    bytes bytea NOT NULL,
    traceparent text,
    tracestate text,
    barrier boolean NOT NULL DEFAULT false,
    accepted_at timestamptz NOT NULL,
    refused text
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
COMMENT ON COLUMN intake.outbox.barrier IS 'goes out only when every older row has its receipt (quarter.*)';
COMMENT ON COLUMN intake.outbox.refused IS 'why the log refused it; not resent, an operator looks';
CREATE TABLE intake.log_position (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    size bigint NOT NULL,
    peaks bytea[] NOT NULL
);
COMMENT ON TABLE intake.log_position IS 'how much of the log''s receipts has been taken in, with the tree''s peaks';
INSERT INTO intake.log_position VALUES (true, 0, '{}');

GRANT SELECT, INSERT, UPDATE ON intake.unit_sequence, intake.inspection, intake.finding TO kycuong_intake_app;
GRANT SELECT, UPDATE ON intake.directory, intake.log_position TO kycuong_intake_app;
GRANT SELECT, INSERT ON intake.write, intake.commendation, intake.quarter_closing, intake.vault_part,
    intake.vault_pseudonym, intake.vault_read TO kycuong_intake_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON intake.outbox TO kycuong_intake_app;
