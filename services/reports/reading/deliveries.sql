-- Statements of what was sent outside, as it is read.

-- name: deliveries
-- A page of deliveries about some units (null: all), the newest first, each with its last attempt.
SELECT delivery.id::text, notice::text, channel::text, via, kind, unit, state, attempts, created_at, next_at,
       last.at, last.why, last.status
FROM reports.delivery LEFT JOIN LATERAL (
    SELECT at, why, status FROM reports.attempt WHERE attempt.delivery = delivery.id ORDER BY number DESC LIMIT 1
) AS last ON true
WHERE ($1::text[] IS NULL OR unit = ANY($1)) AND ($2::text IS NULL OR state = $2)
  AND (created_at, delivery.id) < ($3, $4::uuid)
ORDER BY created_at DESC, delivery.id DESC
LIMIT $5;

-- name: delivery
-- One delivery, with its last attempt.
SELECT delivery.id::text, notice::text, channel::text, via, kind, unit, state, attempts, created_at, next_at,
       last.at, last.why, last.status
FROM reports.delivery LEFT JOIN LATERAL (
    SELECT at, why, status FROM reports.attempt WHERE attempt.delivery = delivery.id ORDER BY number DESC LIMIT 1
) AS last ON true
WHERE delivery.id = $1::uuid;

-- name: resend
-- Send a delivery again now, under the id it had; its attempts go on counting from there.
UPDATE reports.delivery SET state = 'waiting', next_at = $2 WHERE id = $1::uuid AND (state <> 'waiting' OR next_at > $2);
