-- The images themselves lie apart from the small parts: they are read one at a time, and never to compare a repeat.
CREATE TABLE intake.vault_photo (
    finding uuid NOT NULL REFERENCES intake.finding,
    place smallint NOT NULL CHECK (place >= 1),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    commitment bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (finding, place)
);
-- ciphertext does not compress
ALTER TABLE intake.vault_photo ALTER COLUMN sealed SET STORAGE EXTERNAL;
COMMENT ON TABLE intake.vault_photo IS 'what is kept of a finding''s photos: re-encoded images, sealed; a row goes when its part is erased';
COMMENT ON COLUMN intake.vault_photo.place IS 'the photo''s number in the manifest, from 1';
COMMENT ON COLUMN intake.vault_photo.sealed IS 'nonce and AES-256-GCM of salt and image under the data key';
COMMENT ON COLUMN intake.vault_photo.commitment IS 'what finding.completed says of the image';
GRANT SELECT, INSERT, DELETE ON intake.vault_photo TO kycuong_intake_app;

ALTER TABLE intake.vault_read ADD COLUMN part text;
COMMENT ON COLUMN intake.vault_read.part IS 'photo.N when one photo was opened; null for the words';
