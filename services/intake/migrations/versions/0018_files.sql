-- Files belong to writes as photos do to findings; what comes in parts is kept alike.
ALTER TABLE intake.vault_photo_part DROP CONSTRAINT vault_photo_part_finding_fkey;
ALTER TABLE intake.vault_photo_part RENAME COLUMN finding TO target;
ALTER TABLE intake.vault_photo_part RENAME TO vault_upload_part;
COMMENT ON TABLE intake.vault_upload_part IS 'what has come so far of photos and files that come in parts, sealed; gone once the whole is kept, erased, or after 7 days';
COMMENT ON COLUMN intake.vault_upload_part.target IS 'the finding of a photo, or the write that names a file';
CREATE TABLE intake.vault_file (
    write uuid NOT NULL REFERENCES intake.write,
    place smallint NOT NULL CHECK (place >= 1),
    finding uuid NOT NULL REFERENCES intake.finding,
    noun text NOT NULL,
    sha256 text,
    size int NOT NULL,
    type text NOT NULL,
    wrapped_key bytea,
    sealed bytea,
    stored_at timestamptz,
    PRIMARY KEY (write, place)
);
-- ciphertext does not compress
ALTER TABLE intake.vault_file ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX vault_file_finding ON intake.vault_file (finding);
COMMENT ON TABLE intake.vault_file IS 'files that writes name, sealed once they have come; pictures are encoded anew';
COMMENT ON COLUMN intake.vault_file.noun IS 'the kind of the write, as its path names it: findings/reply';
COMMENT ON COLUMN intake.vault_file.sha256 IS 'of the bytes that are to come; null once erased';
COMMENT ON COLUMN intake.vault_file.stored_at IS 'when it came; null: not yet, or erased';
GRANT SELECT, INSERT, UPDATE ON intake.vault_file TO kycuong_intake_app;
