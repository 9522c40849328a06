-- A twentieth of what is decided is reviewed once more by somebody who has not seen the decision.
CREATE TABLE intake.second_review (
    finding uuid PRIMARY KEY,
    decided_at timestamptz NOT NULL,
    review uuid UNIQUE
);
COMMENT ON TABLE intake.second_review IS 'findings drawn by the log''s root at their first decision';
COMMENT ON COLUMN intake.second_review.review IS 'the write that reviewed it; null while that waits';
GRANT SELECT, INSERT, UPDATE ON intake.second_review TO kycuong_intake_app;
CREATE INDEX vault_read_finding ON intake.vault_read (finding, account) WHERE finding IS NOT NULL;
CREATE INDEX finding_appealed ON intake.finding (inspection) WHERE state = 'appealed';
