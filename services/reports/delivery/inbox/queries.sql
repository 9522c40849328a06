-- Statements of the live inbox.

-- name: size
-- How much of the log is folded.
SELECT size FROM reports.head;

-- name: news
-- The notices of some accounts after a place, in order.
SELECT notice.id, account, kind, unit, inspection, finding, created_at, due, listed, index, number,
       CASE WHEN size > index THEN read_at END AS read_at
FROM reports.notice LEFT JOIN reports.notice_read ON notice_read.notice = notice.id
WHERE (index, number) > ($1, $2) AND account = ANY($3::text[]) AND listed > 0
ORDER BY index, number
LIMIT $4;
