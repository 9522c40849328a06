-- Statements of deliveries: a queue in the database that several processes may work at.

-- name: queue
-- What of new notices goes outside, once a receiver; $2 and $3 are the units that answer for each of $2 today.
INSERT INTO reports.delivery (id, notice, channel, via, cause, kind, unit, next_at, created_at)
SELECT DISTINCT ON (channel.id, notice.event, notice.kind)
       gen_random_uuid(), notice.id, channel.id, channel.kind, notice.event, notice.kind, notice.unit, $4, date_trunc('milliseconds', $4::timestamptz)
FROM reports.notice
JOIN identity.channel ON channel.removed_at IS NULL AND (
    (channel.kind = 'address' AND channel.account = notice.account AND channel.confirmed_at IS NOT NULL)
    OR (channel.kind = 'push' AND channel.account = notice.account)
    OR (channel.kind = 'webhook' AND notice.kind = ANY(channel.kinds) AND (channel.unit IS NULL OR EXISTS (
        SELECT FROM unnest($2::text[], $3::text[]) AS answers(unit, owner)
        WHERE answers.unit = notice.unit AND owner = channel.unit)))
)
WHERE notice.id = ANY($1::uuid[]) AND notice.listed > 0 AND notice.created_at >= $5
  AND NOT EXISTS (SELECT FROM reports.channel_off WHERE channel_off.channel = channel.id)
  AND NOT EXISTS (
    SELECT FROM identity.channel AS silence
    WHERE silence.kind = 'silence' AND silence.removed_at IS NULL AND silence.until > $4
      AND notice.kind = ANY(silence.kinds) AND NOT notice.kind = ANY($6::text[])
      AND (silence.account = channel.account OR silence.unit = channel.unit)
      AND EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS answers(unit, owner)
                  WHERE answers.unit = notice.unit AND owner = silence.unit))
ORDER BY channel.id, notice.event, notice.kind, notice.account <> channel.account, notice.number
ON CONFLICT (channel, cause, kind) DO NOTHING;

-- name: queue_confirmations
-- The link that confirms a mail address, to each that has had none.
INSERT INTO reports.delivery (id, notice, channel, via, cause, kind, unit, next_at, created_at)
SELECT gen_random_uuid(), channel.id, channel.id, 'address', channel.id, 'confirmation', '-', $1, date_trunc('milliseconds', $1::timestamptz)
FROM identity.channel
WHERE kind = 'address' AND confirmed_at IS NULL AND removed_at IS NULL AND confirm_until > $1
ON CONFLICT (channel, cause, kind) DO NOTHING;

-- name: claim
-- Take what is due, of each receiver a few, for as long as $4: who dies with it leaves it to be taken then.
UPDATE reports.delivery SET attempts = attempts + 1, next_at = $1 + $4
WHERE id IN (
    SELECT due.id FROM (
        SELECT channel FROM reports.delivery
        WHERE state = 'waiting' AND next_at <= $1 AND NOT channel = ANY($5::uuid[])
        GROUP BY channel ORDER BY min(next_at) LIMIT $2
    ) AS receivers CROSS JOIN LATERAL (
        SELECT id FROM reports.delivery
        WHERE delivery.channel = receivers.channel AND state = 'waiting' AND next_at <= $1
        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) AS due LIMIT $2)
RETURNING id::text, notice::text, channel::text, via, kind, attempts;

-- name: messages
-- The notices that deliveries are about, as they stand.
SELECT id::text, kind, unit, inspection::text, finding::text, listed, created_at, due FROM reports.notice
WHERE id = ANY($1::uuid[]) AND listed > 0;

-- name: receivers
-- The receivers of deliveries, if they are still there, and whether they said that they are gone.
SELECT id::text, sealed, CASE WHEN previous_until > $2 THEN previous END AS previous,
       EXISTS (SELECT FROM reports.channel_off WHERE channel_off.channel = channel.id) AS gone
FROM identity.channel WHERE id = ANY($1::uuid[]) AND removed_at IS NULL;

-- name: record
-- What came of attempts: the deliveries as they now stand, and a line of each attempt.
WITH come AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::int[])
        AS come(delivery, number, state, next_at, why, status)
), told AS (
    UPDATE reports.delivery SET state = come.state, next_at = come.next_at
    FROM come WHERE delivery.id = come.delivery AND delivery.attempts = come.number
)
INSERT INTO reports.attempt (delivery, number, at, why, status)
SELECT delivery, number, $7, why, status FROM come
ON CONFLICT (delivery, number) DO NOTHING;

-- name: turn_off
-- Receivers that said they are gone: nothing more goes there.
INSERT INTO reports.channel_off (channel, at) SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING;

-- name: queue_digests
-- The week's digest to every address that wants it and has something unread; $2 names the week.
INSERT INTO reports.delivery (id, notice, channel, via, cause, kind, unit, next_at, created_at)
SELECT gen_random_uuid(), channel.id, channel.id, 'address', md5(channel.id::text || $2)::uuid, 'digest', '-', $1,
       date_trunc('milliseconds', $1::timestamptz)
FROM identity.channel
WHERE kind = 'address' AND digest AND confirmed_at IS NOT NULL AND removed_at IS NULL AND EXISTS (
    SELECT FROM reports.notice LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
    WHERE notice.account = channel.account AND listed > 0 AND (size IS NULL OR size <= index))
ON CONFLICT (channel, cause, kind) DO NOTHING;

-- name: unread
-- What the accounts of some addresses have not read: how many, and the nearest deadline after $2.
SELECT channel.id::text, count(*) AS notices, min(due) FILTER (WHERE due > $2) AS due
FROM identity.channel JOIN reports.notice ON notice.account = channel.account
LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
WHERE channel.id = ANY($1::uuid[]) AND listed > 0 AND (size IS NULL OR size <= index)
GROUP BY channel.id;
