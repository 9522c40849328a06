-- A fetch names the offsets it wants: with a LIMIT instead, the planner may sort the whole backlog for each batch.
DROP FUNCTION stream.fetch(text, bigint, int);

-- First a row that tells the topic's present incarnation and end, then a row for each of the next records.
CREATE FUNCTION stream.fetch(p_topic text, p_from bigint, p_limit int)
RETURNS TABLE (incarnation uuid, "end" bigint, "offset" bigint, key text, value bytea, headers text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_incarnation uuid;
    v_end bigint;
    v_from bigint := p_from;
BEGIN
    PERFORM stream.require(p_topic, 'read');
    SELECT t.incarnation, t.next_offset INTO v_incarnation, v_end FROM stream.topic t WHERE t.topic = p_topic;
    RETURN QUERY SELECT v_incarnation, v_end, NULL::bigint, NULL::text, NULL::bytea, NULL::text;
    FOR attempt IN 1..2 LOOP
        RETURN QUERY
            SELECT NULL::uuid, NULL::bigint, s."offset", s.key, s.value, s.headers FROM stream.record s
            WHERE s.incarnation = v_incarnation AND s."offset" >= v_from AND s."offset" < least(v_from + p_limit, v_end)
            ORDER BY s."offset";
        EXIT WHEN FOUND OR v_from >= v_end;
        -- what was asked for has been trimmed: go on with the oldest there is
        SELECT min(r."offset") INTO v_from FROM stream.record r WHERE r.incarnation = v_incarnation AND r."offset" >= p_from;
        EXIT WHEN v_from IS NULL;
    END LOOP;
END $$;

-- As before, but what all have passed is trimmed by so many records at a time: a long backlog never meets a time limit.
CREATE OR REPLACE FUNCTION stream.hint(p_topic text, p_consumer text, p_incarnation text, p_offset bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_incarnation uuid;
    v_low bigint;
BEGIN
    PERFORM stream.require(p_topic, 'read');
    UPDATE stream.consumer c SET hint = p_incarnation, passed = p_offset, seen_at = now()
        FROM stream.topic t
        WHERE t.topic = p_topic AND c.topic = p_topic AND c.consumer = p_consumer
          AND split_part(p_incarnation, '~', 1) = t.incarnation::text;
    SELECT t.incarnation INTO v_incarnation FROM stream.topic t WHERE t.topic = p_topic;
    SELECT min(r."offset") INTO v_low FROM stream.record r WHERE r.incarnation = v_incarnation;
    -- `least` passes over a NULL: without a consumer nothing has been passed
    DELETE FROM stream.record r WHERE r.incarnation = v_incarnation AND r."offset" < least(v_low + 50000, (
            SELECT coalesce(min(passed), 0) FROM stream.consumer c
            WHERE c.topic = p_topic AND c.seen_at > now() - interval '7 days'
        ));
END $$;

REVOKE ALL ON FUNCTION stream.fetch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stream.fetch TO kycuong_intake_app, kycuong_audit_app, kycuong_reports_app;
