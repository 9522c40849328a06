-- Many deadlines end with the same day: what is swept first is read off an index, not sorted anew each time.
DROP INDEX intake.deadline_lapsing, intake.deadline_reminding, intake.deadline_escalating;
CREATE INDEX deadline_lapsing ON intake.deadline (lapse_after, finding, kind) WHERE state = 'open' AND lapse_after IS NOT NULL;
CREATE INDEX deadline_reminding ON intake.deadline (due, finding, kind) WHERE state = 'open' AND NOT reminded;
CREATE INDEX deadline_escalating ON intake.deadline (due, finding, kind) WHERE state = 'lapsed' AND escalated < 2;
