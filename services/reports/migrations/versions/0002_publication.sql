CREATE TABLE reports.publication (
    index bigint PRIMARY KEY,
    closing uuid NOT NULL,
    cards_root bytea NOT NULL,
    own boolean NOT NULL,
    time text COLLATE "C" NOT NULL
);
COMMENT ON TABLE reports.publication IS 'What was published of cuts; an edition is open once one of them named its own root';
COMMENT ON COLUMN reports.publication.own IS 'Whether cards_root is the root over the edition''s cards';
COMMENT ON COLUMN reports.publication.time IS 'Receipt of the publication, RFC 3339 UTC: its text order is its time order';
CREATE INDEX publication_of_edition ON reports.publication (closing);
GRANT SELECT, INSERT, DELETE ON reports.publication TO kycuong_reports_app;

ALTER TABLE reports.reference_event ADD COLUMN published date;
COMMENT ON COLUMN reports.reference_event.published IS 'Of rules: the local day of the entry; null for genesis, which counts from its first day';
