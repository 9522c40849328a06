-- Statements of phones.

-- name: store_devices
-- New phones.
INSERT INTO intake.device (id, account, key, registered_at)
SELECT id, account, key, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS new(id, account, key);

-- name: team_accounts
-- Everybody who was in a team of an inspection of these units.
SELECT DISTINCT unnest(team) AS account FROM intake.inspection WHERE $2 OR unit = ANY($1::text[]);

-- name: devices
-- Phones with what is odd about their chains: of these accounts, or ($2) of all; seen or registered since $3; after a cursor.
WITH chosen AS (
    SELECT id, account, registered_at, last_received_at, waiting FROM intake.device LEFT JOIN LATERAL (
        SELECT seen_at AS last_received_at, waiting FROM intake.device_link
        WHERE device_link.device = device.id ORDER BY seen_at DESC, n DESC LIMIT 1
    ) AS seen ON true
    WHERE ($2 OR account = ANY($1::text[])) AND id < $4 AND coalesce(last_received_at, registered_at) >= $3
      AND (NOT $6 OR last_received_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM unnest($7::text[]) AS word WHERE strpos(lower(account), word) = 0)
    ORDER BY id DESC LIMIT $5
), numbers AS (
    SELECT device, n, count(*) AS links, min(received_at) AS received_at FROM intake.device_link
    WHERE device IN (SELECT id FROM chosen) GROUP BY device, n
), steps AS (
    SELECT device, n, links, lag(n, 1, 0::bigint) OVER (PARTITION BY device ORDER BY n) AS before FROM numbers
), gaps AS (
    SELECT device, jsonb_agg(jsonb_build_array(before + 1, n - 1) ORDER BY n) FILTER (WHERE n > before + 1) AS ranges,
           max(n) AS last_n, max(n) - count(*) AS missing_count,
           array_agg(n ORDER BY n) FILTER (WHERE links > 1) AS forked
    FROM steps GROUP BY device
), broken AS (
    SELECT device, array_agg(DISTINCT n ORDER BY n) AS numbers FROM intake.device_link AS item
    WHERE device IN (SELECT id FROM chosen) AND (
        NOT verified OR (n = 1 AND prev IS NOT NULL)
        OR (EXISTS (SELECT FROM intake.device_link AS one WHERE one.device = item.device AND one.n = item.n - 1)
            AND NOT EXISTS (SELECT FROM intake.device_link AS one
                            WHERE one.device = item.device AND one.n = item.n - 1 AND one.link = item.prev)))
    GROUP BY device
)
SELECT chosen.id::text, account, registered_at, coalesce(last_n, 0) AS last_n, last_received_at,
       coalesce(waiting, 0) AS waiting, coalesce(ranges, '[]') AS gaps, coalesce(missing_count, 0) AS missing_count,
       coalesce(broken.numbers, '{}') AS broken, coalesce(forked, '{}') AS forked
FROM chosen
LEFT JOIN gaps ON gaps.device = chosen.id
LEFT JOIN broken ON broken.device = chosen.id
ORDER BY chosen.id DESC;
