-- What of a photo whoever has no need does not see.
CREATE TABLE intake.photo_redaction (
    event uuid PRIMARY KEY,
    finding uuid NOT NULL REFERENCES intake.finding,
    place smallint NOT NULL CHECK (place >= 1),
    boxes jsonb NOT NULL,
    n bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX photo_redaction_photo ON intake.photo_redaction (finding, place, n);
COMMENT ON TABLE intake.photo_redaction IS 'reviewers'' black boxes over photos; of one photo the newest stands';
COMMENT ON COLUMN intake.photo_redaction.boxes IS 'x, y, width, height of each in ten-thousandths of the picture''s sides';
COMMENT ON COLUMN intake.photo_redaction.n IS 'their order';
GRANT SELECT, INSERT ON intake.photo_redaction TO kycuong_intake_app;
