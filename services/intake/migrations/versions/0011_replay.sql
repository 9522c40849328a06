-- A database restored from behind the log is rebuilt from the log's entries; what only this database knew is lost.
ALTER TABLE intake.log_position ADD COLUMN until bigint, ADD COLUMN last_time timestamptz;
COMMENT ON COLUMN intake.log_position.until IS 'the size to reach before writes are taken again; null: the database is not behind the log';
COMMENT ON COLUMN intake.log_position.last_time IS 'when the newest entry was made that a person caused: what the machine''s clock is judged by';

ALTER TABLE intake.vault_part ADD COLUMN lost_at timestamptz;
ALTER TABLE intake.vault_part DROP CONSTRAINT vault_part_check;
ALTER TABLE intake.vault_part
    ADD CHECK (num_nulls(wrapped_key, sealed) = CASE WHEN erased_at IS NULL AND lost_at IS NULL THEN 0 ELSE 2 END);
COMMENT ON COLUMN intake.vault_part.lost_at IS 'when it was found that only the log still tells of the part';

CREATE TABLE intake.lost_ref (
    ref text PRIMARY KEY,
    quarter text NOT NULL
);
COMMENT ON TABLE intake.lost_ref IS 'pseudonyms that the log knows and no account any more; such a person is written ?<ref>';
ALTER TABLE intake.vault_pseudonym ADD COLUMN since_loss boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN intake.vault_pseudonym.since_loss IS
    'given while pseudonyms of the quarter were lost: its account may have had another one before';
COMMENT ON COLUMN intake.write.content IS 'SHA-256 of the RFC 8785 form of path and public part; empty when only the log knows the write';
GRANT SELECT, INSERT, DELETE ON intake.lost_ref TO kycuong_intake_app;
GRANT UPDATE (account, answer) ON intake.write TO kycuong_intake_app;
