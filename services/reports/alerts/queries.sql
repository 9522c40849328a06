-- Statements of alerts.

-- name: put_alerts
-- Write alerts as they now stand.
INSERT INTO reports.alert (id, inspection, unit, created_at, acknowledged_at, body)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (id) DO UPDATE SET
    created_at = excluded.created_at, acknowledged_at = excluded.acknowledged_at, body = excluded.body;

-- name: drop_alerts
-- Alerts with nothing left to list.
DELETE FROM reports.alert WHERE id = ANY($1::uuid[]);
