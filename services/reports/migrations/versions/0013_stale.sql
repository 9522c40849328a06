CREATE TABLE reports.stale (
    quarter text COLLATE "C" NOT NULL,
    unit text COLLATE "C" NOT NULL,
    mark bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    PRIMARY KEY (quarter, unit)
) WITH (fillfactor = 50);
CREATE INDEX stale_of_unit ON reports.stale (unit);
COMMENT ON TABLE reports.stale IS 'Live cards that are not what their facts say: marked with the facts, rendered before anybody reads';
COMMENT ON COLUMN reports.stale.mark IS 'The transaction that last marked it: what was rendered of older facts does not clear it';
GRANT SELECT, INSERT, UPDATE, DELETE ON reports.stale TO kycuong_reports_app;
