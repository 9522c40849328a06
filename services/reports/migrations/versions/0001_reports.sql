-- The projections, rebuilt from the log at any time, and the frozen editions, written once (by grants and by triggers).

CREATE TABLE reports.head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    peaks bytea[] NOT NULL,
    reference_index bigint NOT NULL
);
COMMENT ON TABLE reports.head IS 'The log prefix all projections stand at; moved by compare-and-set only';
COMMENT ON COLUMN reports.head.peaks IS 'Roots of the perfect subtrees of the prefix, left to right';
COMMENT ON COLUMN reports.head.reference_index IS 'Log index of the last unit, catalogue or scoring event; -1: none';
INSERT INTO reports.head (size, root, peaks, reference_index) VALUES (0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '{}', -1);

CREATE TABLE reports.reference_event (
    index bigint PRIMARY KEY,
    type text NOT NULL,
    unit text NOT NULL,
    data jsonb NOT NULL
);
COMMENT ON TABLE reports.reference_event IS 'Unit, catalogue and scoring events: the directory and the rule book';

CREATE TABLE reports.inspection (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    quarter text NOT NULL,
    opened_on date NOT NULL,
    opened_index bigint NOT NULL,
    closed_at text,
    persons_checked integer NOT NULL,
    files_checked integer NOT NULL,
    acknowledged_index bigint,
    acknowledged_at text
);
COMMENT ON COLUMN reports.inspection.quarter IS 'Of the Asia/Ho_Chi_Minh date of opened_at';
COMMENT ON COLUMN reports.inspection.closed_at IS 'Receipt of the closing; null while open';
CREATE INDEX inspection_of_card ON reports.inspection (quarter, unit) WHERE closed_at IS NOT NULL;

CREATE TABLE reports.finding (
    id uuid PRIMARY KEY,
    inspection uuid NOT NULL,
    code text NOT NULL,
    catalogue text NOT NULL,
    severity smallint NOT NULL,
    count integer NOT NULL,
    index bigint NOT NULL,
    accepted boolean,
    lapsed boolean NOT NULL,
    outcome text,
    withdrawn boolean NOT NULL
);
COMMENT ON COLUMN reports.finding.index IS 'Log index of finding.recorded';
COMMENT ON COLUMN reports.finding.accepted IS 'What the reply said; null before a reply';
CREATE INDEX finding_of_inspection ON reports.finding (inspection);

CREATE TABLE reports.commendation (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    quarter text NOT NULL,
    code text NOT NULL,
    index bigint NOT NULL
);
CREATE INDEX commendation_of_card ON reports.commendation (quarter, unit);

CREATE TABLE reports.card (
    quarter text NOT NULL,
    unit text NOT NULL,
    body text NOT NULL,
    row text NOT NULL,
    PRIMARY KEY (quarter, unit)
);
COMMENT ON TABLE reports.card IS 'Live cards of units with a closed inspection or a commendation, rendered without the tree head';
COMMENT ON COLUMN reports.card.row IS 'The card''s row in the quarter''s list';
CREATE INDEX card_of_unit ON reports.card (unit);

CREATE TABLE reports.alert (
    id uuid PRIMARY KEY,
    inspection uuid NOT NULL UNIQUE,
    unit text NOT NULL,
    created_at text COLLATE "C" NOT NULL,
    acknowledged_at text,
    body text NOT NULL
);
COMMENT ON COLUMN reports.alert.created_at IS 'Receipt of the inspection''s closing, RFC 3339 UTC: its text order is its time order';
CREATE INDEX alert_of_unit ON reports.alert (unit, created_at DESC, id DESC);
CREATE INDEX alert_latest ON reports.alert (created_at DESC, id DESC);

CREATE TABLE reports.edition (
    closing uuid PRIMARY KEY,
    quarter text NOT NULL,
    edition text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    cards_root bytea NOT NULL,
    rules text
);
COMMENT ON TABLE reports.edition IS 'Frozen editions, written once; size and root are the tree head up to and with the closing';
COMMENT ON COLUMN reports.edition.cards_root IS 'RFC 6962 root over the cards ordered by unit';
CREATE INDEX edition_of_quarter ON reports.edition (quarter, edition, size);

CREATE TABLE reports.edition_card (
    closing uuid NOT NULL REFERENCES reports.edition,
    unit text NOT NULL,
    grp text NOT NULL,
    body bytea NOT NULL,
    row text NOT NULL,
    PRIMARY KEY (closing, unit)
);
COMMENT ON COLUMN reports.edition_card.body IS 'The card''s RFC 8785 bytes';

CREATE FUNCTION reports.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'frozen editions are written once' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER edition_is_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON reports.edition
    FOR EACH STATEMENT EXECUTE FUNCTION reports.refuse_change();
CREATE TRIGGER edition_card_is_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON reports.edition_card
    FOR EACH STATEMENT EXECUTE FUNCTION reports.refuse_change();

GRANT SELECT, UPDATE ON reports.head TO kycuong_reports_app;
GRANT SELECT, INSERT, DELETE ON reports.reference_event, reports.commendation TO kycuong_reports_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON reports.inspection, reports.finding, reports.card, reports.alert
    TO kycuong_reports_app;
GRANT SELECT, INSERT ON reports.edition, reports.edition_card TO kycuong_reports_app;
