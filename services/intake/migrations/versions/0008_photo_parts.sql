CREATE TABLE intake.vault_photo_part (
    finding uuid NOT NULL REFERENCES intake.finding,
    place smallint NOT NULL CHECK (place >= 1),
    account text NOT NULL REFERENCES identity.account,
    start int NOT NULL CHECK (start >= 0),
    size int NOT NULL CHECK (size >= 1),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (finding, place, account, start)
);
-- ciphertext does not compress
ALTER TABLE intake.vault_photo_part ALTER COLUMN sealed SET STORAGE EXTERNAL;
COMMENT ON TABLE intake.vault_photo_part IS 'what has come so far of photos that come in parts, sealed; gone once the photo is kept, erased, or after 7 days';
COMMENT ON COLUMN intake.vault_photo_part.account IS 'whose sending it belongs to: nobody goes on with what another began';
COMMENT ON COLUMN intake.vault_photo_part.start IS 'its first byte''s place in the image as the phone has it; parts follow each other without a gap';
GRANT SELECT, INSERT, DELETE ON intake.vault_photo_part TO kycuong_intake_app;
