ALTER TABLE reports.inspection
    ADD COLUMN kind text NOT NULL DEFAULT '',
    ADD COLUMN selection text NOT NULL DEFAULT '',
    ADD COLUMN team text NOT NULL DEFAULT '';
COMMENT ON COLUMN reports.inspection.selection IS 'How its unit was chosen; empty until an upgraded program has read it from the log';
COMMENT ON COLUMN reports.inspection.team IS 'Pseudonyms of its members, a space between';
CREATE INDEX inspection_without_selection ON reports.inspection (opened_index) WHERE selection = '';

CREATE TABLE reports.comparison (
    quarter text NOT NULL,
    unit text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (quarter, unit)
);
COMMENT ON TABLE reports.comparison IS 'Live comparisons as last fitted, beside the cards: a fit looks at all units of a quarter at once';

CREATE TABLE reports.fit (
    quarter text PRIMARY KEY,
    wanted bigint NOT NULL,
    size bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN reports.fit.wanted IS 'Log size at the last change that a comparison of the quarter could show';
COMMENT ON COLUMN reports.fit.size IS 'Log size at which it was fitted; 0: never';

GRANT SELECT, INSERT, UPDATE, DELETE ON reports.comparison, reports.fit TO kycuong_reports_app;
