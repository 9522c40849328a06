-- As services/reports/facts/standing.py (a test compares the two for every case): what counts is asked in many statements, and said here once.
CREATE FUNCTION reports.standing(severity smallint, withdrawn boolean, outcome text, accepted boolean, lapsed boolean, contested boolean)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN withdrawn THEN 'withdrawn'
    WHEN contested THEN 'pending'
    WHEN outcome = 'upheld' THEN 'counts'
    WHEN outcome = 'referred' THEN 'referred'
    WHEN outcome IS NOT NULL THEN 'overturned'
    WHEN severity = 1 AND coalesce(accepted, lapsed) THEN 'counts'
    ELSE 'pending'
END;
GRANT EXECUTE ON FUNCTION reports.standing TO kycuong_reports_app;
