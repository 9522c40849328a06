ALTER TABLE intake.inspection ADD COLUMN impartial boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN intake.inspection.impartial IS 'whether the opener declared to have no conflict of interest with the unit';
