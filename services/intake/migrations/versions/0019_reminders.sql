-- Whom a deadline was told to before and after it passed.
ALTER TABLE intake.deadline ADD COLUMN reminded boolean NOT NULL DEFAULT false,
    ADD COLUMN escalated smallint NOT NULL DEFAULT 0 CHECK (escalated BETWEEN 0 AND 2);
COMMENT ON COLUMN intake.deadline.reminded IS 'the unit was told of it before it passes';
COMMENT ON COLUMN intake.deadline.escalated IS 'who was told that it passed: 0 nobody, 1 the unit above, 2 the Department too';
-- what lapsed before there were escalations is known by now
UPDATE intake.deadline SET escalated = 2 WHERE state = 'lapsed';
CREATE INDEX deadline_reminding ON intake.deadline (due) WHERE state = 'open' AND NOT reminded;
CREATE INDEX deadline_escalating ON intake.deadline (due) WHERE state = 'lapsed' AND escalated < 2;
