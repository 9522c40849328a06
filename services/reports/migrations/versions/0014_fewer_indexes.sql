-- What hardly anybody asks by is written with every batch. An alert is found by its own id, which follows from its inspection's.
ALTER TABLE reports.alert DROP CONSTRAINT alert_inspection_key;
-- room beside a row for what it becomes: an update that touches no indexed column then leaves the indexes alone
ALTER TABLE reports.alert SET (fillfactor = 85);
ALTER TABLE reports.inspection SET (fillfactor = 85);
ALTER TABLE reports.finding SET (fillfactor = 75);
DROP INDEX reports.finding_without_first_outcome;
DROP INDEX reports.stale_of_unit;
