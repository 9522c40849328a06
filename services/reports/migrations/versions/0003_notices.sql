CREATE TABLE reports.notice (
    id uuid PRIMARY KEY,
    event uuid NOT NULL,
    kind text NOT NULL,
    account text NOT NULL,
    unit text NOT NULL,
    inspection uuid NOT NULL,
    finding uuid,
    created_at text COLLATE "C" NOT NULL,
    due text COLLATE "C",
    index bigint NOT NULL,
    number integer NOT NULL,
    listed integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE reports.notice IS 'Projection: what each account is told; an account - stands for a vacant post';
COMMENT ON COLUMN reports.notice.event IS 'The event that made it: of findings, their inspection''s closing';
COMMENT ON COLUMN reports.notice.index IS 'Log index of the entry that made or last moved it; with number its place';
COMMENT ON COLUMN reports.notice.listed IS 'How many findings it tells of; with none left it is shown to nobody';
CREATE INDEX notice_of_account ON reports.notice (account, index, number);
CREATE INDEX notice_of_inspection ON reports.notice (inspection, kind);
CREATE INDEX notice_place ON reports.notice (index, number);

CREATE TABLE reports.notice_read (
    notice uuid PRIMARY KEY,
    read_at timestamptz NOT NULL,
    size bigint NOT NULL
);
COMMENT ON TABLE reports.notice_read IS 'No projection: a rebuild leaves it as it is';
COMMENT ON COLUMN reports.notice_read.size IS 'Of the log when it was read: what joined the notice later is unread';

GRANT SELECT, INSERT, UPDATE, DELETE ON reports.notice TO kycuong_reports_app;
GRANT SELECT, INSERT, UPDATE ON reports.notice_read TO kycuong_reports_app;
