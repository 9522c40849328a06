-- a live row ends with its comparison, in whose place what was fitted is put; one that an earlier program wrote has no such
-- place, and the list would be no JSON
UPDATE reports.card SET row = left(row, -1) || ',"comparison":null}' WHERE row NOT LIKE '%"comparison":%';
