ALTER TABLE reports.finding
    ADD COLUMN first_outcome text,
    ADD COLUMN again boolean NOT NULL DEFAULT false,
    ADD COLUMN second_outcome text;
COMMENT ON COLUMN reports.finding.first_outcome IS 'Of its first decision; null of a decided one until an upgraded program has read it from the log';
COMMENT ON COLUMN reports.finding.again IS 'Decided again by another reviewer, after an appeal or a reopening';
COMMENT ON COLUMN reports.finding.second_outcome IS 'What another reviewer would have decided who did not see the decision; it changes nothing';
CREATE INDEX finding_without_first_outcome ON reports.finding (index) WHERE outcome IS NOT NULL AND first_outcome IS NULL;
