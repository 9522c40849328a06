-- What is sent outside, and what came of it: no projections, so a rebuild leaves them as they are.
CREATE TABLE reports.delivery (
    id uuid PRIMARY KEY,
    notice uuid NOT NULL,
    channel uuid NOT NULL,
    via text NOT NULL,
    cause uuid NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (channel, cause, kind)
);
COMMENT ON TABLE reports.delivery IS 'One message to one receiver; no projection';
COMMENT ON COLUMN reports.delivery.cause IS 'The event behind the notice: a receiver is told of it once a kind';
COMMENT ON COLUMN reports.delivery.next_at IS 'While waiting: when it is tried, or taken again from who died with it';
CREATE INDEX delivery_waiting ON reports.delivery (channel, next_at) WHERE state = 'waiting';
CREATE INDEX delivery_latest ON reports.delivery (created_at DESC, id DESC);

CREATE TABLE reports.attempt (
    delivery uuid NOT NULL REFERENCES reports.delivery,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    why text NOT NULL,
    status integer,
    PRIMARY KEY (delivery, number)
);
COMMENT ON TABLE reports.attempt IS 'What came of each try; no projection';

CREATE TABLE reports.channel_off (
    channel uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
COMMENT ON TABLE reports.channel_off IS 'Receivers that said they are gone';

GRANT SELECT, INSERT, UPDATE ON reports.delivery TO kycuong_reports_app;
GRANT SELECT, INSERT ON reports.attempt, reports.channel_off TO kycuong_reports_app;

CREATE TABLE reports.counted (
    finding uuid PRIMARY KEY,
    inspection uuid NOT NULL,
    unit text NOT NULL,
    code text NOT NULL,
    quarter text NOT NULL
);
COMMENT ON TABLE reports.counted IS 'Projection: findings that count, by which a repeated violation is noticed';
CREATE INDEX counted_alike ON reports.counted (unit, code);
GRANT SELECT, INSERT, DELETE ON reports.counted TO kycuong_reports_app;
