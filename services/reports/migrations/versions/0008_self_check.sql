CREATE TABLE reports.self_check (
    quarter text PRIMARY KEY,
    checked_at timestamptz NOT NULL,
    size bigint NOT NULL,
    differs text
);
COMMENT ON TABLE reports.self_check IS 'No projection: what came of computing a quarter anew from the log';
COMMENT ON COLUMN reports.self_check.differs IS 'The first thing that is not what the log says; while it stands, the quarter counts as not published';
GRANT SELECT, INSERT, UPDATE ON reports.self_check TO kycuong_reports_app;

ALTER TABLE reports.publication ADD COLUMN stopped boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN reports.publication.stopped IS 'While the quarter''s stored cards are not what the log says';
GRANT UPDATE (stopped) ON reports.publication TO kycuong_reports_app;
