-- The log. What is published can never change: entries, tiles, checkpoints, refusals and dead letters are
-- insert-only twice over, by grants and by triggers that also bind the owner.

CREATE TABLE audit.entry (
    idx bigint PRIMARY KEY CHECK (idx >= 0),          -- position in the log, without gaps
    id uuid NOT NULL UNIQUE,                          -- the event's id: strong deduplication
    unit text NOT NULL,
    unitseq bigint NOT NULL CHECK (unitseq > 0),
    bytes bytea NOT NULL,                             -- the exact event; the leaf's input
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    traceparent text,                                 -- trace context, outside the event
    tracestate text,
    appended_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (unit, unitseq)
);
ALTER TABLE audit.entry ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE audit.tile (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    n bigint NOT NULL CHECK (n >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),  -- full tiles only: write-once
    root bytea NOT NULL CHECK (octet_length(root) = 32),        -- this tile's hash in the level above
    PRIMARY KEY (level, n)
);
ALTER TABLE audit.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE audit.tree_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    peaks bytea[] NOT NULL,                           -- the compact range: roots of the perfect subtrees
    epoch bigint NOT NULL                             -- of the lease whose holder may move the head
);

CREATE TABLE audit.lease (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    holder text NOT NULL,
    epoch bigint NOT NULL,
    expires_at timestamptz NOT NULL                   -- by the database's clock
);

CREATE TABLE audit.stream_position (                  -- where a topic is read on
    topic text PRIMARY KEY,
    incarnation text NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0)
);

CREATE TABLE audit.published (                        -- how much of the log is on the stream
    what text PRIMARY KEY CHECK (what IN ('entries', 'refusals')),
    up_to bigint NOT NULL CHECK (up_to >= 0)
);

CREATE TABLE audit.unit_position (
    unit text PRIMARY KEY,
    unitseq bigint NOT NULL CHECK (unitseq > 0)       -- the last one appended
);

CREATE TABLE audit.held (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    unitseq bigint NOT NULL,
    bytes bytea NOT NULL,
    traceparent text,
    tracestate text,
    held_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX held_by_unit ON audit.held (unit, unitseq);

CREATE TABLE audit.refusal (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,                                 -- as far as it could be read, else empty
    unit text NOT NULL,
    unitseq bigint NOT NULL,
    reason text NOT NULL CHECK (reason IN ('conflict', 'stale', 'foreign', 'malformed')),
    sha256 bytea NOT NULL,
    bytes bytea NOT NULL,                             -- what was refused: the evidence
    refused_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit.dead_letter (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    incarnation text NOT NULL,
    stream_offset bigint NOT NULL,
    key bytea NOT NULL,
    bytes bytea NOT NULL,
    headers text NOT NULL,                            -- JSON
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (topic, incarnation, stream_offset)
);

CREATE TABLE audit.checkpoint (
    size bigint PRIMARY KEY CHECK (size >= 0),        -- so one size never carries two roots
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,                               -- as served
    signed_at timestamptz NOT NULL DEFAULT now()
);

-- The empty tree's root is SHA-256 of nothing; epoch 0 belongs to nobody.
INSERT INTO audit.tree_head (size, root, peaks, epoch) VALUES (0, sha256(''), '{}', 0);
INSERT INTO audit.lease (holder, epoch, expires_at) VALUES ('', 0, '-infinity');

CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'A correction is a new event; nothing in the log is overwritten.';
END $$;

DO $$
DECLARE kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['entry', 'tile', 'checkpoint', 'refusal', 'dead_letter'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.%I
                        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', kept);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON audit.entry, audit.tile, audit.checkpoint, audit.refusal, audit.dead_letter TO kycuong_audit_app;
GRANT SELECT, UPDATE ON audit.tree_head, audit.lease TO kycuong_audit_app;
GRANT SELECT, INSERT, UPDATE ON audit.stream_position, audit.published, audit.unit_position TO kycuong_audit_app;
GRANT SELECT, INSERT, DELETE ON audit.held TO kycuong_audit_app;
GRANT SELECT ON audit.alembic_version TO kycuong_audit_app;
