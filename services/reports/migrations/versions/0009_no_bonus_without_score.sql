-- The first program stored a bonus beside a null score, this one stores none: the self-check would call such a card another.
UPDATE reports.card
SET body = regexp_replace(body, '"bonus":"[0-9.]+"', '"bonus":null'),
    row = regexp_replace(row, '"bonus":"[0-9.]+"', '"bonus":null')
WHERE body LIKE '%"score":null,"band":%';
