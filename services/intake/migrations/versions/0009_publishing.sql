CREATE TABLE intake.calendar (
    version text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    content text NOT NULL
);
COMMENT ON TABLE intake.calendar IS 'Every published version of the working calendar; the highest one gives the deadlines';
COMMENT ON COLUMN intake.calendar.id IS 'Of its calendar.published event';
COMMENT ON COLUMN intake.calendar.content IS 'The file''s exact text, whose SHA-256 is in the event';
ALTER TABLE intake.directory ADD COLUMN calendars integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN intake.directory.calendars IS 'How many calendars were published: read with the tree''s version, so every process notices another one';
CREATE TABLE intake.quarter_publication (
    id uuid PRIMARY KEY,
    closing uuid NOT NULL REFERENCES intake.quarter_closing (id),
    cards_root bytea NOT NULL CHECK (length(cards_root) = 32),
    received_at timestamptz NOT NULL,
    UNIQUE (closing, cards_root)
);
COMMENT ON TABLE intake.quarter_publication IS 'What reviewers published of a cut; reports opens the edition if the root is its own';
GRANT SELECT, INSERT ON intake.calendar, intake.quarter_publication TO kycuong_intake_app;
