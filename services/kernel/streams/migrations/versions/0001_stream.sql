-- The app roles hold no right on these tables: they go through the functions below, which ask stream.access who may
-- publish to and read which topic.

CREATE TABLE stream.topic (
    topic text PRIMARY KEY,
    incarnation uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    next_offset bigint NOT NULL DEFAULT 0 CHECK (next_offset >= 0)
) WITH (fillfactor = 50);
COMMENT ON COLUMN stream.topic.incarnation IS 'made with the topic: a stream that was wiped has another one';
COMMENT ON COLUMN stream.topic.next_offset IS 'what the next record gets; a row, not a sequence, so a rollback leaves no gap';

CREATE TABLE stream.record (
    incarnation uuid NOT NULL,
    "offset" bigint NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    headers text NOT NULL,
    PRIMARY KEY (incarnation, "offset")
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON COLUMN stream.record.headers IS 'a JSON object of strings';

CREATE TABLE stream.consumer (
    topic text NOT NULL REFERENCES stream.topic ON DELETE CASCADE,
    consumer text NOT NULL,
    hint text,
    passed bigint NOT NULL DEFAULT 0,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, consumer)
) WITH (fillfactor = 50);
COMMENT ON COLUMN stream.consumer.hint IS 'the incarnation as the consumer names it';
COMMENT ON COLUMN stream.consumer.passed IS 'records below it are not needed by this consumer';

CREATE TABLE stream.access (
    role name NOT NULL,
    topic text NOT NULL,
    deed text NOT NULL CHECK (deed IN ('publish', 'read')),
    PRIMARY KEY (role, topic, deed)
);
COMMENT ON COLUMN stream.access.topic IS 'the topic without the installation''s prefix';
INSERT INTO stream.access VALUES
    ('kycuong_intake_app', 'discipline.events', 'publish'),
    ('kycuong_audit_app', 'discipline.events', 'read'),
    ('kycuong_audit_app', 'audit.entries', 'publish'),
    ('kycuong_intake_app', 'audit.entries', 'read'),
    ('kycuong_reports_app', 'audit.entries', 'read');

CREATE FUNCTION stream.require(p_topic text, p_deed text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM stream.access
        WHERE role = session_user AND deed = p_deed AND right(p_topic, length(access.topic)) = access.topic
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s may not %s %s', session_user, p_deed, p_topic);
    END IF;
END $$;

-- Appends in order. The topic's row stays locked until the commit, so offsets become visible in their order.
CREATE FUNCTION stream.publish(p_topic text, p_keys text[], p_values bytea[], p_headers text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_incarnation uuid;
    v_end bigint;
    v_count int := cardinality(p_keys);
BEGIN
    PERFORM stream.require(p_topic, 'publish');
    INSERT INTO stream.topic (topic) VALUES (p_topic) ON CONFLICT DO NOTHING;
    UPDATE stream.topic SET next_offset = next_offset + v_count WHERE topic = p_topic
        RETURNING incarnation, next_offset INTO v_incarnation, v_end;
    INSERT INTO stream.record (incarnation, "offset", key, value, headers)
    SELECT v_incarnation, v_end - v_count + place - 1, key, value, headers
    FROM unnest(p_keys, p_values, p_headers) WITH ORDINALITY AS batch(key, value, headers, place);
    PERFORM pg_notify('kycuong_stream', p_topic);
END $$;

-- Makes the consumer known, from when on nothing it has not passed is trimmed; says which offsets the topic holds.
CREATE FUNCTION stream.open(p_topic text, p_consumer text, OUT incarnation uuid, OUT low bigint, OUT "end" bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM stream.require(p_topic, 'read');
    INSERT INTO stream.topic (topic) VALUES (p_topic) ON CONFLICT DO NOTHING;
    INSERT INTO stream.consumer (topic, consumer) VALUES (p_topic, p_consumer)
        ON CONFLICT ON CONSTRAINT consumer_pkey DO UPDATE SET seen_at = now();
    SELECT t.incarnation, coalesce((SELECT min(r."offset") FROM stream.record r WHERE r.incarnation = t.incarnation), t.next_offset), t.next_offset
        INTO open.incarnation, open.low, open."end"
        FROM stream.topic t WHERE t.topic = p_topic;
END $$;

-- The next records, each with the topic's present incarnation and end; one row without a record when there is none.
CREATE FUNCTION stream.fetch(p_topic text, p_from bigint, p_limit int)
RETURNS TABLE (incarnation uuid, "end" bigint, "offset" bigint, key text, value bytea, headers text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM stream.require(p_topic, 'read');
    RETURN QUERY
    SELECT t.incarnation, t.next_offset, r."offset", r.key, r.value, r.headers
    FROM stream.topic t
    LEFT JOIN LATERAL (
        SELECT s."offset", s.key, s.value, s.headers FROM stream.record s
        WHERE s.incarnation = t.incarnation AND s."offset" >= p_from ORDER BY s."offset" LIMIT p_limit
    ) r ON true
    WHERE t.topic = p_topic ORDER BY r."offset";
END $$;

-- Notes how far a consumer is and trims what all have passed. One that has not been seen for a week no longer counts:
-- what it misses is in an outbox still, or in the log.
CREATE FUNCTION stream.hint(p_topic text, p_consumer text, p_incarnation text, p_offset bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM stream.require(p_topic, 'read');
    UPDATE stream.consumer c SET hint = p_incarnation, passed = p_offset, seen_at = now()
        FROM stream.topic t
        WHERE t.topic = p_topic AND c.topic = p_topic AND c.consumer = p_consumer
          AND split_part(p_incarnation, '~', 1) = t.incarnation::text;
    DELETE FROM stream.record r USING stream.topic t
        WHERE t.topic = p_topic AND r.incarnation = t.incarnation AND r."offset" < (
            SELECT min(passed) FROM stream.consumer c WHERE c.topic = p_topic AND c.seen_at > now() - interval '7 days'
        );
END $$;

CREATE FUNCTION stream.hinted(p_topic text, p_consumer text, OUT hint text, OUT passed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM stream.require(p_topic, 'read');
    SELECT c.hint, c.passed INTO hinted.hint, hinted.passed
        FROM stream.consumer c WHERE c.topic = p_topic AND c.consumer = p_consumer;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA stream FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stream.publish TO kycuong_intake_app, kycuong_audit_app;
GRANT EXECUTE ON FUNCTION stream.open, stream.fetch, stream.hint, stream.hinted
    TO kycuong_intake_app, kycuong_audit_app, kycuong_reports_app;
