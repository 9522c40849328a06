-- name: directory_version
-- The number of the last change of the unit tree.
SELECT version FROM intake.directory;

-- name: lock_directory
-- Hold back other changes of the unit tree until this one is committed or refused.
SELECT version FROM intake.directory FOR UPDATE;

-- name: plan_waits
-- Whether a round is planned that the log does not hold yet: its candidates are of the units before it, so changes wait.
SELECT EXISTS (SELECT FROM intake.round WHERE idx IS NULL);

-- name: next_directory_version
-- Count a change of the unit tree.
UPDATE intake.directory SET version = version + 1 RETURNING version;

-- name: unit_versions
-- The whole unit tree with its history.
SELECT unit, valid_from, valid_to, name, grp, parent, staff, set_fields FROM identity.unit_version ORDER BY unit, valid_from;

-- name: heirs
-- Which unit takes over the open cases of another.
SELECT from_unit, to_unit, valid_from FROM identity.lineage WHERE cases_to ORDER BY valid_from;

-- name: store_units
-- Newly registered units.
INSERT INTO identity.unit (unit, registered_at) SELECT * FROM unnest($1::text[], $2::timestamptz[]);

-- name: store_unit_versions
-- Changed units' versions as they are now; the fields each set come as one JSON list, for arrays of arrays must be rectangular.
INSERT INTO identity.unit_version (unit, valid_from, valid_to, name, grp, parent, staff, set_fields)
SELECT unit, valid_from, valid_to, name, grp, parent, staff, ARRAY(SELECT jsonb_array_elements_text(set_fields))
FROM unnest($1::text[], $2::date[], $3::date[], $4::text[], $5::text[], $6::text[], $7::int[], $8::jsonb[])
    AS version(unit, valid_from, valid_to, name, grp, parent, staff, set_fields)
ON CONFLICT (unit, valid_from) DO UPDATE
SET valid_to = excluded.valid_to, name = excluded.name, grp = excluded.grp, parent = excluded.parent, staff = excluded.staff,
    set_fields = excluded.set_fields;

-- name: drop_later_versions
-- Versions that a closing cut to nothing: those beginning after the unit's last one.
DELETE FROM identity.unit_version
USING unnest($1::text[], $2::date[]) AS kept(unit, last)
WHERE unit_version.unit = kept.unit AND unit_version.valid_from > kept.last;

-- name: store_lineage
-- Which unit passed into which.
INSERT INTO identity.lineage (id, kind, from_unit, to_unit, valid_from, cases_to)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::boolean[]);
