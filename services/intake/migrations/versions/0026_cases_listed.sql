-- What is read of a finding's case, by its id, for a list or alone.
CREATE VIEW intake.case_read AS
SELECT finding.id, finding.inspection, finding.unit, finding.code, finding.catalogue, finding.severity, finding.count,
       finding.captured_at, finding.photos, finding.filer, finding.received_at, finding.state,
       finding.accepts, finding.outcome, finding.released, finding.remedy, inspection.team, inspection.quarter,
       inspection.state AS stage, ARRAY(SELECT jsonb_object_keys(inspection.former)) AS former,
       inspection.reply_due AS told_due, inspection.basis,
       second_review.finding IS NOT NULL AS drawn, second_review.review, second_review.decided_at
FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection
LEFT JOIN intake.second_review ON second_review.finding = finding.id;
COMMENT ON VIEW intake.case_read IS 'a finding with what its inspection says of who was there and until when it may be answered';
GRANT SELECT ON intake.case_read TO kycuong_intake_app;

-- How many findings an inspection has, and how many of them wait, but what is kept from the heads of some units, or of all.
-- States and severities as in services/domain/case.py (a test compares).
CREATE FUNCTION intake.found_at(visit uuid, headed boolean, units text[]) RETURNS TABLE ("all" int, reply int, decision int)
LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT count(*)::int,
           count(*) FILTER (WHERE state IN ('recorded', 'unheard') AND (severity <> 4 OR released))::int,
           count(*) FILTER (WHERE severity = 4 AND NOT released AND state IN ('recorded', 'unheard')
                              OR state = 'replied' AND NOT (severity = 1 AND accepts IS TRUE)
                              OR state = 'lapsed' AND severity <> 1 OR state IN ('appealed', 'reopened'))::int
    FROM intake.finding
    WHERE finding.inspection = visit AND severity > 0 AND state NOT IN ('withdrawn', 'voided')
      AND NOT (severity = 4 AND NOT released AND (headed OR finding.unit = ANY(units)))
$$;
GRANT EXECUTE ON FUNCTION intake.found_at TO kycuong_intake_app;
