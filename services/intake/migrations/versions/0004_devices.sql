CREATE TABLE intake.device (
    id uuid PRIMARY KEY,
    account text NOT NULL REFERENCES identity.account,
    key bytea NOT NULL,
    registered_at timestamptz NOT NULL
);
CREATE INDEX device_account ON intake.device (account);
COMMENT ON TABLE intake.device IS 'phones that sign what they queue; a phone belongs to one account for good';
COMMENT ON COLUMN intake.device.key IS 'P-256 public key, uncompressed point';

CREATE TABLE intake.device_link (
    device uuid NOT NULL REFERENCES intake.device,
    n bigint NOT NULL CHECK (n >= 1),
    link text NOT NULL,
    prev text,
    write uuid NOT NULL,
    verified boolean NOT NULL,
    refused text,
    waiting int,
    carrier text,
    received_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (device, n, link)
);
CREATE INDEX device_link_seen ON intake.device_link (device, seen_at DESC, n DESC);
COMMENT ON TABLE intake.device_link IS 'the items of each phone''s chain as they came in: a number without a row never came';
COMMENT ON COLUMN intake.device_link.link IS 'SHA-256 of what was signed; salted by a nonce that is not kept, so it tells nothing of an erased part';
COMMENT ON COLUMN intake.device_link.prev IS 'the link it names as the one before';
COMMENT ON COLUMN intake.device_link.refused IS 'slug of the refusal, while the item has not been accepted';
COMMENT ON COLUMN intake.device_link.waiting IS 'how many items the phone said to have unsent after this one';
COMMENT ON COLUMN intake.device_link.carrier IS 'whose session brought it, when not the signer''s';
GRANT SELECT, INSERT ON intake.device TO kycuong_intake_app;
GRANT SELECT, INSERT, UPDATE ON intake.device_link TO kycuong_intake_app;
