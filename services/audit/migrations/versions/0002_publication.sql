-- What is signed and what is public part ways: a checkpoint may have to wait for its witnesses, its readers may not.

CREATE TABLE audit.publication (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- one size may be published again: a further key, a later witness
    size bigint NOT NULL CHECK (size >= 0),              -- of a kept checkpoint
    note text NOT NULL,                                  -- the whole note as served, cosignatures and all: the evidence
    published_at timestamptz NOT NULL DEFAULT now()
);
-- What an older version served was public.
INSERT INTO audit.publication (size, note) SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1;

CREATE TABLE audit.witness_state (
    name text PRIMARY KEY,                               -- as the policy names the witness
    size bigint CHECK (size >= 0),                       -- the largest tree it cosigned, as far as we were told
    cosigned_at timestamptz,                             -- by its own clock
    trouble text,                                        -- why it did not answer the last time; null when it did
    at timestamptz NOT NULL DEFAULT now()                -- when it was last asked
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.publication
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();

GRANT SELECT, INSERT ON audit.publication TO kycuong_audit_app;
GRANT SELECT, INSERT, UPDATE ON audit.witness_state TO kycuong_audit_app;
