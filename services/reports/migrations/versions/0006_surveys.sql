CREATE TABLE reports.survey (
    quarter text NOT NULL,
    unit text NOT NULL,
    source text NOT NULL,
    asked integer NOT NULL,
    answered integer NOT NULL,
    satisfied integer NOT NULL,
    index bigint NOT NULL,
    PRIMARY KEY (quarter, unit, source)
);
COMMENT ON TABLE reports.survey IS 'Projection: the last survey of satisfaction of each source';
COMMENT ON COLUMN reports.survey.index IS 'Log index of survey.recorded';
GRANT SELECT, INSERT, UPDATE, DELETE ON reports.survey TO kycuong_reports_app;
-- a row of the list names the surveys, and there were none
UPDATE reports.card SET row = left(row, -1) || ',"survey":null}' WHERE row NOT LIKE '%"survey":%';
