-- Who lets a spreadsheet's token go wants to know whether anybody still uses it.
ALTER TABLE identity.session ADD COLUMN used_at timestamptz;
COMMENT ON COLUMN identity.session.used_at IS 'of a token that reads what is published: when it last read, to the hour; null: never';
CREATE FUNCTION identity.note_reading(digest bytea) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ''
BEGIN ATOMIC
    UPDATE identity.session SET used_at = now()
    WHERE token_hash = digest AND reads IS NOT NULL AND (used_at IS NULL OR used_at < now() - interval '1 hour');
END;
COMMENT ON FUNCTION identity.note_reading IS 'All that the reader of a service may change here: that such a token was used';
REVOKE EXECUTE ON FUNCTION identity.note_reading FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.note_reading TO kycuong_reports_app;
