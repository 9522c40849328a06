CREATE TABLE intake.round (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('planned', 'unannounced')),
    basis text NOT NULL,
    first date NOT NULL,
    last date NOT NULL CHECK (last >= first),
    strata jsonb NOT NULL,
    exclude text[] NOT NULL,
    chosen json NOT NULL,
    beacon jsonb,
    replaces uuid REFERENCES intake.round (id) DEFERRABLE INITIALLY DEFERRED,
    candidates jsonb NOT NULL,
    planner text NOT NULL,
    planned_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'replaced', 'closed')),
    value text,
    told_at timestamptz,
    idx bigint,
    root bytea CHECK (length(root) = 32),
    drawn jsonb
);
COMMENT ON TABLE intake.round IS 'rounds of inspections; all but the people stand in the log too';
COMMENT ON COLUMN intake.round.candidates IS 'the ids of each stratum''s candidates, of which the log has count and root; empty when lost in a restore';
COMMENT ON COLUMN intake.round.chosen IS 'units inspected without a draw, with the selection that the log tells as targeted';
COMMENT ON COLUMN intake.round.value IS 'what the beacon said';
COMMENT ON COLUMN intake.round.idx IS 'where the plan stands in the log; null while its receipt is to come';
COMMENT ON COLUMN intake.round.root IS 'of the log''s first idx + 1 entries, the seed of the draw';
CREATE INDEX round_not_logged ON intake.round (id) WHERE idx IS NULL;
CREATE INDEX round_undrawn ON intake.round (idx) WHERE state = 'open' AND drawn IS NULL;
CREATE TABLE intake.assignment (
    id uuid PRIMARY KEY,
    round uuid NOT NULL REFERENCES intake.round (id),
    unit text NOT NULL,
    opener text NOT NULL,
    team text[] NOT NULL,
    first date NOT NULL,
    last date NOT NULL CHECK (last >= first),
    assigned_at timestamptz NOT NULL
);
COMMENT ON TABLE intake.assignment IS 'who inspects a unit of a round, and when; the log has the number of people only';
CREATE INDEX assignment_round ON intake.assignment (round);
CREATE INDEX assignment_team ON intake.assignment USING gin (team);
ALTER TABLE intake.inspection ADD COLUMN assignment uuid;
COMMENT ON COLUMN intake.inspection.assignment IS 'what it was opened for; of several inspections the first that was not voided counts';
CREATE INDEX inspection_assignment ON intake.inspection (assignment) WHERE assignment IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON intake.round TO kycuong_intake_app;
GRANT SELECT, INSERT ON intake.assignment TO kycuong_intake_app;

-- The log itself does not know which rounds are open, and may not begin to show its entries to anybody while one is that
-- nobody may know of.
CREATE FUNCTION identity.unannounced_open() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT EXISTS (SELECT FROM intake.round WHERE state = 'open' AND kind = 'unannounced')
$$;
COMMENT ON FUNCTION identity.unannounced_open IS 'whether an unannounced round is open';
REVOKE ALL ON FUNCTION identity.unannounced_open FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.unannounced_open TO kycuong_audit_app;
