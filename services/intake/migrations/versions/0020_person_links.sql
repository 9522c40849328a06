-- A link for the person concerned, for one answer.
CREATE TABLE intake.person_link (
    id uuid PRIMARY KEY,
    finding uuid NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    expires date NOT NULL,
    removed boolean NOT NULL DEFAULT false,
    answer uuid
);
COMMENT ON TABLE intake.person_link IS 'links for persons concerned; whoever has the secret reads the finding and answers once';
COMMENT ON COLUMN intake.person_link.expires IS 'the last day, included';
COMMENT ON COLUMN intake.person_link.answer IS 'the event of the answer, which spent it';
GRANT SELECT, INSERT, UPDATE ON intake.person_link TO kycuong_intake_app;
