-- A part is whole or erased: without its data key and what that had sealed, for good.
ALTER TABLE intake.vault_part
    ALTER COLUMN wrapped_key DROP NOT NULL,
    ALTER COLUMN sealed DROP NOT NULL,
    ADD COLUMN erased_at timestamptz,
    ADD CHECK (num_nulls(wrapped_key, sealed) = CASE WHEN erased_at IS NULL THEN 0 ELSE 2 END);
CREATE FUNCTION intake.refuse_resealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a private part is erased once and never changed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER vault_part_only_erased BEFORE UPDATE ON intake.vault_part FOR EACH ROW
    WHEN (old.erased_at IS NOT NULL OR new.erased_at IS NULL)
    EXECUTE FUNCTION intake.refuse_resealing();
GRANT UPDATE (wrapped_key, sealed, erased_at) ON intake.vault_part TO kycuong_intake_app;

CREATE TABLE intake.erasure (
    id uuid PRIMARY KEY,
    event uuid NOT NULL,
    unit text NOT NULL,
    parts text[] NOT NULL,
    requester text NOT NULL,
    requested_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'erased', 'refused')),
    settlement uuid UNIQUE,
    settled_at timestamptz,
    CHECK (num_nulls(settlement, settled_at) = CASE WHEN state = 'requested' THEN 2 ELSE 0 END)
);
COMMENT ON TABLE intake.erasure IS 'requests to erase private parts of an event; the reasons are parts under the ids of the writes';
COMMENT ON COLUMN intake.erasure.requester IS 'who may not settle it';
COMMENT ON COLUMN intake.erasure.settlement IS 'the write that approved or refused it; an approval''s is also the event''s id';
CREATE INDEX erasure_event ON intake.erasure (event);
CREATE INDEX erasure_open ON intake.erasure (id) WHERE state = 'requested';
GRANT SELECT, INSERT ON intake.erasure TO kycuong_intake_app;
GRANT UPDATE (state, settlement, settled_at) ON intake.erasure TO kycuong_intake_app;

CREATE TABLE intake.log_key (
    vkey text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    added_at timestamptz NOT NULL
);
COMMENT ON TABLE intake.log_key IS 'the keys of the log''s checkpoints that the log was told of';
GRANT SELECT, INSERT ON intake.log_key TO kycuong_intake_app;
