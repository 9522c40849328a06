ALTER TABLE reports.inspection ADD COLUMN voided boolean NOT NULL DEFAULT false;

ALTER TABLE reports.finding
    ADD COLUMN contested boolean NOT NULL DEFAULT false,
    ADD COLUMN released_index bigint,
    ADD COLUMN in_time boolean,
    ADD COLUMN done boolean NOT NULL DEFAULT false,
    ADD COLUMN refusals smallint NOT NULL DEFAULT 0,
    ADD COLUMN overdues smallint NOT NULL DEFAULT 0,
    ADD COLUMN gated boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN reports.finding.contested IS 'Under appeal or reopened: pending until decided again';
COMMENT ON COLUMN reports.finding.released_index IS 'Log index of finding.released; null of a severity 4 kept from the unit';
COMMENT ON COLUMN reports.finding.in_time IS 'Of the remedy''s report that is not answered yet; null without one';
COMMENT ON COLUMN reports.finding.done IS 'Its remedy was reported in time and verified';
COMMENT ON COLUMN reports.finding.gated IS 'Its remedy is overdue so that it holds the unit''s band down';
