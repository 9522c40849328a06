-- The desk's lists are read off indexes: what waits does not lie behind all that is done.
-- Lists and severities as in services/domain/case.py (a test compares).
ALTER TABLE intake.finding ADD COLUMN list text GENERATED ALWAYS AS (CASE
    WHEN severity = 0 THEN NULL
    WHEN state IN ('decided', 'withdrawn', 'voided') THEN 'handled'
    WHEN state IN ('appealed', 'reopened') OR severity = 4 AND NOT released AND state IN ('recorded', 'unheard')
      OR state = 'replied' AND NOT (severity = 1 AND accepts IS TRUE) OR state = 'lapsed' AND severity <> 1 THEN 'decision'
    ELSE 'period' END) STORED;
COMMENT ON COLUMN intake.finding.list IS 'who judges cases finds it under what waits for a decision, what does not yet, or what is handled';
CREATE INDEX finding_list ON intake.finding (list, inspection) WHERE list IS NOT NULL;
CREATE INDEX finding_verification ON intake.finding (inspection) WHERE remedy IN ('reported', 'declined');
CREATE INDEX finding_alive ON intake.finding (unit, inspection)
    WHERE state IN ('recorded', 'unheard') OR list = 'decision' OR remedy IN ('due', 'planned', 'reported', 'declined');
CREATE INDEX case_step_asking ON intake.case_step (finding)
    WHERE type IN ('finding.extension_requested', 'remedy.extension_requested');
CREATE INDEX second_review_waiting ON intake.second_review (finding) WHERE review IS NULL;
