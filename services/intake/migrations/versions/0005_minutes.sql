CREATE TABLE intake.minutes_issue (
    content text PRIMARY KEY,
    inspection uuid NOT NULL REFERENCES intake.inspection,
    salt bytea,
    figures jsonb NOT NULL,
    issued_at timestamptz NOT NULL
);
CREATE INDEX minutes_issue_inspection ON intake.minutes_issue (inspection, issued_at);
COMMENT ON TABLE intake.minutes_issue IS 'every edition of an inspection''s minutes that was given out, by the hash that its paper carries';
COMMENT ON COLUMN intake.minutes_issue.salt IS 'makes the hash unguessable; gone once another edition stands or a part was erased, so the hash tells nothing more';
COMMENT ON COLUMN intake.minutes_issue.figures IS 'what the page behind the paper''s code shows: no name, no private word';

CREATE TABLE intake.minutes_file (
    sha256 text PRIMARY KEY,
    content text NOT NULL REFERENCES intake.minutes_issue,
    kind text NOT NULL,
    bytes int NOT NULL,
    issued_at timestamptz NOT NULL
);
COMMENT ON TABLE intake.minutes_file IS 'the files of the minutes as they were given out, by their own hash';
GRANT SELECT, INSERT, UPDATE ON intake.minutes_issue TO kycuong_intake_app;
GRANT SELECT, INSERT ON intake.minutes_file TO kycuong_intake_app;

ALTER TABLE intake.vault_read ALTER COLUMN finding DROP NOT NULL;
ALTER TABLE intake.vault_read ADD COLUMN inspection uuid;
ALTER TABLE intake.vault_read ADD CHECK (num_nonnulls(finding, inspection) = 1);
COMMENT ON COLUMN intake.vault_read.inspection IS 'whose minutes were opened, when not a finding';
