-- What became of a finding, step by step: it may be replied to, decided and planned for more than once.
CREATE TABLE intake.case_step (
    finding uuid NOT NULL,
    n smallint NOT NULL,
    event uuid UNIQUE,
    type text NOT NULL,
    role text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (finding, n)
);
COMMENT ON COLUMN intake.case_step.event IS
    'the event''s id; of a person''s step it is the write''s, under which private parts lie; null: a lapse of before this table';
COMMENT ON COLUMN intake.case_step.type IS 'the event''s type without its version';

-- Every clock that runs for a unit.
CREATE TABLE intake.deadline (
    finding uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reply', 'remedy')),
    n smallint NOT NULL,
    due timestamptz NOT NULL,
    first_due timestamptz NOT NULL,
    begins timestamptz NOT NULL,
    cause uuid NOT NULL,
    lapse_after timestamptz,
    state text NOT NULL CHECK (state IN ('open', 'met', 'lapsed', 'ended')),
    last boolean NOT NULL DEFAULT false,
    PRIMARY KEY (finding, kind, n)
);
COMMENT ON COLUMN intake.deadline.n IS 'counted per finding and kind; an extension moves the same one';
COMMENT ON COLUMN intake.deadline.begins IS 'the server''s receipt from whose day the working days are counted';
COMMENT ON COLUMN intake.deadline.lapse_after IS
    'when it is due, or later: the event that opened it (cause) must have been in the log for the whole time; null: not yet';
COMMENT ON COLUMN intake.deadline.last IS 'a further refusal opens no other';
CREATE INDEX deadline_lapsing ON intake.deadline (lapse_after) WHERE state = 'open' AND lapse_after IS NOT NULL;
CREATE INDEX deadline_cause ON intake.deadline (cause) WHERE lapse_after IS NULL;

-- Where the events of cases stand in the log.
CREATE TABLE intake.case_entry (
    event uuid PRIMARY KEY,
    index bigint NOT NULL
);

ALTER TABLE intake.finding ADD COLUMN released boolean NOT NULL DEFAULT false,
    ADD COLUMN remedy text NOT NULL DEFAULT 'none'
        CHECK (remedy IN ('none', 'due', 'planned', 'declined', 'reported', 'verified', 'waived'));
COMMENT ON COLUMN intake.finding.released IS 'severity 4 that the unit has been told of';
COMMENT ON COLUMN intake.finding.remedy IS 'how far what the finding showed is put right (services/domain/remedy.py)';
ALTER TABLE intake.finding DROP CONSTRAINT finding_state_check;
ALTER TABLE intake.finding ADD CONSTRAINT finding_state_check CHECK (state IN (
    'recorded', 'replied', 'lapsed', 'decided', 'appealed', 'reopened', 'unheard', 'withdrawn', 'voided'));

INSERT INTO intake.case_step (finding, n, event, type, role, at)
SELECT finding, row_number() OVER (PARTITION BY finding ORDER BY place), event, type,
       coalesce(convert_from(decode(convert_from(answer, 'UTF8')::jsonb ->> 'event', 'base64'), 'UTF8')::jsonb #>> '{data,by,role}',
                'system'),
       coalesce(accepted_at, due)
FROM (
    SELECT id AS finding, 1 AS place, NULL::uuid AS event, 'finding.lapsed' AS type, reply_due AS due
    FROM intake.finding WHERE lapsed
    UNION ALL SELECT id, 2, reply, 'finding.replied', NULL FROM intake.finding WHERE reply IS NOT NULL
    UNION ALL SELECT id, 3, decision, 'finding.decided', NULL FROM intake.finding WHERE decision IS NOT NULL
    UNION ALL SELECT id, 4, withdrawal, 'finding.withdrawn', NULL FROM intake.finding WHERE withdrawal IS NOT NULL
) AS stood LEFT JOIN intake.write ON write.id = stood.event;

INSERT INTO intake.deadline (finding, kind, n, due, first_due, begins, cause, lapse_after, state)
SELECT finding.id, 'reply', 1, finding.reply_due, finding.reply_due, greatest(finding.received_at, closed.accepted_at),
       CASE WHEN finding.reply_due = inspection.reply_due THEN inspection.closing ELSE finding.id END, lapse_after,
       CASE WHEN finding.state = 'recorded' THEN 'open' WHEN lapsed THEN 'lapsed' WHEN reply IS NOT NULL THEN 'met' ELSE 'ended' END
FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection JOIN intake.write AS closed ON closed.id = closing
WHERE finding.reply_due IS NOT NULL AND severity BETWEEN 1 AND 3;

-- of what counted before there were remedies no deadline runs
UPDATE intake.finding SET remedy = 'due'
WHERE severity BETWEEN 1 AND 3 AND state = 'decided' AND outcome = 'upheld'
   OR severity = 1 AND (state = 'lapsed' OR state = 'replied' AND accepts);

ALTER TABLE intake.finding DROP COLUMN withdrawal, DROP COLUMN reply, DROP COLUMN decision, DROP COLUMN lapsed,
    DROP COLUMN reply_due, DROP COLUMN lapse_after;

GRANT SELECT, INSERT ON intake.case_step, intake.case_entry TO kycuong_intake_app;
GRANT SELECT, INSERT, UPDATE ON intake.deadline TO kycuong_intake_app;

CREATE OR REPLACE FUNCTION identity.case_as(about uuid, asking text) RETURNS TABLE (mine boolean, kept boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT asking = ANY(inspection.team), finding.severity = 4 AND NOT finding.released
    FROM intake.finding JOIN intake.inspection ON inspection.id = finding.inspection WHERE finding.id = about
    UNION ALL
    SELECT asking = ANY(inspection.team), false FROM intake.inspection WHERE inspection.id = about
$$;
