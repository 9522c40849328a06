-- A closing may be put right, a team may change, an inspection may be taken back.
ALTER TABLE intake.inspection
    DROP CONSTRAINT inspection_state_check, ADD CHECK (state IN ('open', 'closed', 'voided')),
    ADD COLUMN correction uuid UNIQUE,
    ADD COLUMN former jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN intake.inspection.correction IS 'the write that last put the closing right: the figures, and the private parts under its id, stand';
COMMENT ON COLUMN intake.inspection.former IS 'who was in the team, each with the instant until which: nobody who ever was in it decides about it';

-- A quarter may be cut again after its official edition.
ALTER TABLE intake.quarter_closing
    DROP CONSTRAINT quarter_closing_edition_check,
    ADD CHECK (edition ~ '^(flash|official|restated-[1-9][0-9]*)$');
