-- Statements of intake. Sets go in as arrays: one statement a table and batch.

-- name: lock_and_recall
-- Lock units' sequences in one order, and find which of these ids were accepted before, by whom and with what answer.
-- A twin that another process commits while this waits for a lock is found when its id is stored, and the batch retried.
WITH locked AS (
    SELECT unit, last_seq FROM intake.unit_sequence WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE
)
SELECT unit, last_seq, NULL AS id, NULL AS account, NULL::bytea AS content, NULL::bytea AS answer FROM locked
UNION ALL
SELECT NULL, NULL, id::text, account, content, answer FROM intake.write WHERE id = ANY($2::uuid[]);

-- name: recall
-- The units' last numbers, not locked, and which of these ids were accepted before, by whom and with what answer.
SELECT unit, last_seq, NULL AS id, NULL AS account, NULL::bytea AS content, NULL::bytea AS answer
FROM intake.unit_sequence WHERE unit = ANY($1::text[])
UNION ALL
SELECT NULL, NULL, id::text, account, content, answer FROM intake.write WHERE id = ANY($2::uuid[]);

-- name: parts
-- The sealed private parts of these events.
SELECT event_id::text, grp, wrapped_key, sealed, erased_at, lost_at FROM intake.vault_part WHERE event_id = ANY($1::uuid[]);

-- name: erasure_targets
-- The events that requests name ($1), and those of the requests that are settled ($2), with their units and whether they
-- are of a finding of severity 4.
WITH target AS (
    SELECT id AS event, convert_from(answer, 'UTF8')::jsonb ->> 'unit' AS unit FROM intake.write WHERE id = ANY($1::uuid[])
    UNION ALL
    SELECT event, unit FROM intake.erasure WHERE id = ANY($2::uuid[])
)
SELECT event::text, unit, EXISTS (
    SELECT FROM intake.finding WHERE finding.unit = target.unit AND severity = 4
      AND event IN (finding.id, withdrawal, reply, decision)
) AS kept
FROM target;

-- name: erasures
-- All requests to erase parts of these events, read after their units are locked.
SELECT id::text, event::text, unit, parts, requester, state FROM intake.erasure WHERE event = ANY($1::uuid[]);

-- name: log_keys
-- Which of these keys the log was told of.
SELECT vkey FROM intake.log_key WHERE vkey = ANY($1::text[]);

-- name: device_keys
-- The keys of these phones.
SELECT id::text, account, key FROM intake.device WHERE id = ANY($1::uuid[]);

-- name: store_devices
-- New phones.
INSERT INTO intake.device (id, account, key, registered_at)
SELECT id, account, key, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS new(id, account, key);

-- name: note_links
-- Items of phones' chains as they came; one that was refused and is accepted now is refused no more.
INSERT INTO intake.device_link AS kept (device, n, link, prev, write, verified, refused, waiting, carrier, received_at, seen_at)
SELECT device, n, link, prev, write, verified, refused, waiting, carrier, $10, $10
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::boolean[], $7::text[], $8::int[], $9::text[])
    AS new(device, n, link, prev, write, verified, refused, waiting, carrier)
ON CONFLICT (device, n, link) DO UPDATE
SET refused = CASE WHEN kept.refused IS NOT NULL THEN excluded.refused END,
    waiting = coalesce(excluded.waiting, kept.waiting), seen_at = excluded.seen_at;

-- name: accounts
-- Which of these accounts exist.
SELECT account FROM identity.account WHERE account = ANY($1::text[]);

-- name: apart
-- Which of these accounts had a pseudonym in these quarters before any was lost: they are none of the lost persons.
SELECT account, quarter FROM intake.vault_pseudonym
WHERE account = ANY($1::text[]) AND quarter = ANY($2::text[]) AND NOT since_loss;

-- name: places
-- The unit of these inspections, and the inspection and unit of these findings: what never changes.
SELECT id::text, unit, NULL AS inspection FROM intake.inspection WHERE id = ANY($1::uuid[])
UNION ALL
SELECT id::text, unit, inspection::text FROM intake.finding WHERE id = ANY($2::uuid[]);

-- name: lock_units
-- Lock units' sequences in one order, so two batches never wait for each other in a circle.
SELECT unit, last_seq FROM intake.unit_sequence WHERE unit = ANY($1::text[]) ORDER BY unit FOR UPDATE;

-- name: directory_version
-- The number of the last change of the unit tree.
SELECT version FROM intake.directory;

-- name: lock_directory
-- Hold back other changes of the unit tree until this one is committed or refused.
SELECT version FROM intake.directory FOR UPDATE;

-- name: next_directory_version
-- Count a change of the unit tree.
UPDATE intake.directory SET version = version + 1 RETURNING version;

-- name: unit_versions
-- The whole unit tree with its history.
SELECT unit, valid_from, valid_to, name, grp, parent, staff, set_fields FROM identity.unit_version ORDER BY unit, valid_from;

-- name: heirs
-- Which unit takes over the open cases of another.
SELECT from_unit, to_unit, valid_from FROM identity.lineage WHERE cases_to ORDER BY valid_from;

-- name: inspections
-- The number of the last change of the unit tree, how many calendars there are, and inspections as the rules need them,
-- read after units are locked.
-- One row without an inspection when there is none.
SELECT directory.version, directory.calendars, id::text, unit, quarter, catalogue, opener, team, opened_at, state, closing::text, closed_at,
       reply_due, acknowledged
FROM intake.directory LEFT JOIN intake.inspection ON id = ANY($1::uuid[]);

-- name: findings
-- Findings as the rules need them, read after their units are locked.
SELECT id::text, inspection::text, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, state,
       accepts, lapsed, outcome, reply_due,
       (SELECT coalesce(jsonb_object_agg(place, encode(commitment, 'hex')), '{}') FROM intake.vault_photo
        WHERE vault_photo.finding = finding.id) AS held
FROM intake.finding WHERE id = ANY($1::uuid[]);

-- name: quarter_closings
-- Which editions of these quarters were cut, and the roots published of each.
SELECT quarter, edition, id::text,
       ARRAY(SELECT cards_root FROM intake.quarter_publication WHERE closing = quarter_closing.id) AS roots
FROM intake.quarter_closing WHERE quarter = ANY($1::text[]);

-- name: store_writes
-- The accepted writes with their answers, new findings, sealed private parts, the events in order, and the last number of
-- each unit by compare-and-set (-1: a new unit): what nearly every batch has, in one round trip. Division by zero: a unit
-- was written by another process since its number was read, and nothing of this is stored.
WITH stored AS (
    INSERT INTO intake.write (id, account, content, answer, accepted_at)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[])
), queued AS (
    INSERT INTO intake.outbox (event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, accepted_at)
    SELECT event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, $13
    FROM unnest($6::uuid[], $7::text[], $8::bigint[], $9::bytea[], $10::text[], $11::text[], $12::boolean[])
        WITH ORDINALITY AS event(event_id, unit, unitseq, bytes, traceparent, tracestate, barrier, place)
    ORDER BY place
), sealed AS (
    INSERT INTO intake.vault_part (event_id, grp, wrapped_key, sealed)
    SELECT * FROM unnest($16::uuid[], $17::text[], $18::bytea[], $19::bytea[])
), recorded AS (
    INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                                received_at, reply_due, lapse_after, state)
    SELECT id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due,
           lapse_after, 'recorded'
    FROM unnest($20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::text[], $25::smallint[], $26::int[],
                $27::timestamptz[], $28::jsonb[], $29::text[], $30::timestamptz[], $31::timestamptz[], $32::timestamptz[])
        AS new(id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due,
               lapse_after)
), moved AS (
    UPDATE intake.unit_sequence SET last_seq = given.reached
    FROM unnest($14::text[], $15::bigint[], $33::bigint[]) AS given(unit, reached, before)
    WHERE unit_sequence.unit = given.unit AND unit_sequence.last_seq = given.before
    RETURNING 1
), begun AS (
    INSERT INTO intake.unit_sequence (unit, last_seq)
    SELECT unit, reached FROM unnest($14::text[], $15::bigint[], $33::bigint[]) AS given(unit, reached, before)
    WHERE before = -1
    RETURNING 1
)
SELECT 1 / ((SELECT count(*) FROM moved) + (SELECT count(*) FROM begun) = cardinality($14::text[]))::int;

-- name: store_inspections
-- New inspections; teams come as one JSON list each, for arrays of arrays must be rectangular.
INSERT INTO intake.inspection (id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener, team, received_at, state,
                               impartial)
SELECT id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener,
       ARRAY(SELECT jsonb_array_elements_text(team)), received_at, 'open', impartial
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
            $9::text[], $10::jsonb[], $11::timestamptz[], $12::boolean[])
    AS opened(id, unit, kind, selection, basis, opened_at, quarter, catalogue, opener, team, received_at, impartial);

-- name: update_inspections
-- What became of inspections.
UPDATE intake.inspection
SET state = changed.state, closing = changed.closing, closed_at = changed.closed_at,
    roll = coalesce(changed.roll, inspection.roll), reply_due = changed.reply_due, acknowledged = changed.acknowledged
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::jsonb[], $6::timestamptz[], $7::boolean[])
    AS changed(id, state, closing, closed_at, roll, reply_due, acknowledged)
WHERE inspection.id = changed.id;

-- name: update_findings
-- What became of findings.
UPDATE intake.finding
SET state = changed.state, accepts = changed.accepts, lapsed = changed.lapsed, outcome = changed.outcome,
    withdrawal = coalesce(changed.withdrawal, finding.withdrawal), reply = coalesce(changed.reply, finding.reply),
    decision = coalesce(changed.decision, finding.decision)
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[])
    AS changed(id, state, accepts, lapsed, outcome, withdrawal, reply, decision)
WHERE finding.id = changed.id;

-- name: set_reply_due
-- The reply deadline of the findings known at a closing; in a demo folder it may lapse at once.
UPDATE intake.finding
SET reply_due = closed.due, lapse_after = CASE WHEN $3 THEN closed.due END
FROM unnest($1::uuid[], $2::timestamptz[]) AS closed(inspection, due)
WHERE finding.inspection = closed.inspection AND finding.reply_due IS NULL;

-- name: store_commendations
-- New commendations.
INSERT INTO intake.commendation (id, unit, code, day, received_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::timestamptz[]);

-- name: store_quarter_closings
-- Cuts of quarters.
INSERT INTO intake.quarter_closing (quarter, edition, id, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[]);

-- name: store_quarter_publications
-- Publications of cuts.
INSERT INTO intake.quarter_publication (id, closing, cards_root, received_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[]);

-- name: store_erasures
-- New requests to erase parts; the parts come as one JSON list each, for arrays of arrays must be rectangular.
INSERT INTO intake.erasure (id, event, unit, parts, requester, requested_at, state)
SELECT id, event, unit, ARRAY(SELECT jsonb_array_elements_text(parts)), requester, $6, 'requested'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::text[]) AS asked(id, event, unit, parts, requester);

-- name: settle_erasures
-- Requests that were approved or refused.
UPDATE intake.erasure SET state = given.state, settlement = given.settlement, settled_at = $4
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS given(id, state, settlement)
WHERE erasure.id = given.id;

-- name: erase_parts
-- Destroy these parts' data keys, and what was sealed with them.
UPDATE intake.vault_part SET wrapped_key = NULL, sealed = NULL, erased_at = $3
FROM unnest($1::uuid[], $2::text[]) AS gone(event_id, grp)
WHERE vault_part.event_id = gone.event_id AND vault_part.grp = gone.grp;

-- name: forget_photos
-- Take what is erased of these findings' photos out of their manifests too: a hash tells a photo from all others.
UPDATE intake.finding
SET photos = (
    SELECT jsonb_agg(CASE WHEN erased_at IS NULL THEN photo ELSE '{}' END ORDER BY place)
    FROM jsonb_array_elements(photos) WITH ORDINALITY AS listed(photo, place)
    LEFT JOIN intake.vault_part ON event_id = finding.id AND grp = 'photo.' || place
)
WHERE id = ANY($1::uuid[]);

-- name: store_photos
-- New photos; what came of them in parts is wanted no more.
WITH parts AS (
    DELETE FROM intake.vault_photo_part
    USING unnest($1::uuid[], $2::smallint[]) AS whole(finding, place)
    WHERE vault_photo_part.finding = whole.finding AND vault_photo_part.place = whole.place
)
INSERT INTO intake.vault_photo (finding, place, wrapped_key, sealed, commitment, stored_at)
SELECT finding, place, wrapped_key, sealed, commitment, $6
FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS new(finding, place, wrapped_key, sealed, commitment);

-- name: drop_photos
-- Destroy these photos with their data keys, also those of which only parts have come.
WITH parts AS (
    DELETE FROM intake.vault_photo_part
    USING unnest($1::uuid[], $2::smallint[]) AS gone(finding, place)
    WHERE vault_photo_part.finding = gone.finding AND vault_photo_part.place = gone.place
)
DELETE FROM intake.vault_photo
USING unnest($1::uuid[], $2::smallint[]) AS gone(finding, place)
WHERE vault_photo.finding = gone.finding AND vault_photo.place = gone.place;

-- name: store_log_keys
-- Keys that the log is told of.
INSERT INTO intake.log_key (vkey, id, added_at) SELECT vkey, id, $3 FROM unnest($1::text[], $2::uuid[]) AS new(vkey, id);

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

-- name: store_lineage
-- Which unit passed into which.
INSERT INTO identity.lineage (id, kind, from_unit, to_unit, valid_from, cases_to)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::boolean[]);

-- name: lapsing
-- Findings whose reply deadline has passed unanswered, the oldest first.
SELECT id::text, unit FROM intake.finding
WHERE state = 'recorded' AND severity BETWEEN 1 AND 3 AND lapse_after IS NOT NULL AND lapse_after < $1
ORDER BY lapse_after, id LIMIT $2;

-- name: lapse
-- Mark findings as lapsed, unless they were answered meanwhile; their units are locked.
UPDATE intake.finding SET state = 'lapsed', lapsed = true
WHERE id = ANY($1::uuid[]) AND state = 'recorded'
RETURNING id::text, inspection::text, unit, reply_due;

-- name: genesis_known
-- Which of these genesis events were made before, with their bytes.
SELECT id::text, answer FROM intake.write WHERE id = ANY($1::uuid[]);

-- name: calendars
-- Every published version of the working calendar.
SELECT version, content FROM intake.calendar;

-- name: calendars_published
-- How many versions of the working calendar were published.
SELECT calendars FROM intake.directory;

-- name: store_calendars
-- Versions of the working calendar, each once, and how many there are now.
WITH stored AS (
    INSERT INTO intake.calendar (version, id, content)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
    ON CONFLICT (version) DO NOTHING
    RETURNING 1
)
UPDATE intake.directory SET calendars = calendars + (SELECT count(*) FROM stored)
WHERE EXISTS (SELECT FROM stored);

-- name: delete_receipted
-- The log holds these events: their outbox rows have done their work.
DELETE FROM intake.outbox WHERE event_id = ANY($1::uuid[]) RETURNING event_id::text, sha256(bytes) AS digest;

-- name: note_refusal
-- The log refused an event: it is not sent again, an operator looks.
UPDATE intake.outbox SET refused = $2
WHERE event_id = $1 AND refused IS NULL AND $3::bigint IN (unitseq, 0)  -- it may have another number by now; 0: the log read none
RETURNING id;

-- name: log_position
-- How far the log's receipts were taken in, and up to where the database is behind the log.
SELECT size, peaks, until, last_time FROM intake.log_position;

-- name: move_log_position
-- Move on by compare-and-set: no row means another process took these receipts in.
UPDATE intake.log_position SET size = $2, peaks = $3, last_time = coalesce($4, last_time) WHERE size = $1 RETURNING size;

-- name: fall_behind
-- The log holds what the database does not: no write is taken before this size is reached.
UPDATE intake.log_position SET until = greatest(until, $1);

-- name: last_known_time
-- When the newest entry was made that a person caused; of a database older than this column, the newest write.
SELECT coalesce(last_time, (SELECT max(accepted_at) FROM intake.write)) FROM intake.log_position;

-- name: behind_until
-- Up to where the database is behind the log; null when it is not.
SELECT until FROM intake.log_position;

-- name: catch_up
-- The database holds again all that the log holds.
UPDATE intake.log_position SET until = NULL WHERE until <= size;

-- name: accounted_for
-- How many events this database knows of that are in the log or on their way to it.
SELECT size + (SELECT count(*) FROM intake.outbox) FROM intake.log_position;

-- name: lost_writes
-- Which of these writes the database knows all the same: a repeat was accepted before the loss was noticed.
SELECT id::text FROM intake.write WHERE id = ANY($1::uuid[]);

-- name: accounts_of_refs
-- Whose these pseudonyms are, as far as that is known.
SELECT ref, account FROM intake.vault_pseudonym WHERE ref = ANY($1::text[]);

-- name: known_lineage
-- Which of these successions the unit tree holds.
SELECT DISTINCT id::text FROM identity.lineage WHERE id = ANY($1::uuid[]);

-- name: restore_writes
-- Writes as the log tells of them; of one that was repeated meanwhile, the answer is what the log holds.
INSERT INTO intake.write (id, account, content, answer, accepted_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[])
ON CONFLICT (id) DO UPDATE SET answer = excluded.answer;

-- name: restore_findings
-- Findings as they were recorded.
INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at,
                            reply_due, lapse_after, state)
SELECT id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due, lapse_after,
       'recorded'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::int[], $8::timestamptz[],
            $9::jsonb[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
    AS new(id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer, received_at, reply_due,
           lapse_after);

-- name: lose_parts
-- Private parts of which only the log's commitment is left.
INSERT INTO intake.vault_part (event_id, grp, lost_at)
SELECT event_id, grp, $3 FROM unnest($1::uuid[], $2::text[]) AS lost(event_id, grp) ON CONFLICT DO NOTHING;

-- name: lose_photos
-- Photos of these findings that the log says were held, and that are held no more: they are waited for no more.
UPDATE intake.finding
SET photos = (
    SELECT jsonb_agg(CASE WHEN NOT photo ? 'sha256' OR EXISTS (
        SELECT FROM intake.vault_photo WHERE vault_photo.finding = finding.id AND vault_photo.place = listed.place
    ) THEN photo ELSE '{"lost": true}' END ORDER BY place)
    FROM jsonb_array_elements(photos) WITH ORDINALITY AS listed(photo, place)
)
WHERE id = ANY($1::uuid[]) AND photos <> '[]';

-- name: lose_refs
-- Pseudonyms whose accounts nobody knows any more.
INSERT INTO intake.lost_ref (ref, quarter) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING;

-- name: raise_numbers
-- The last numbers of these units, as the log has them.
INSERT INTO intake.unit_sequence AS given (unit, last_seq) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (unit) DO UPDATE SET last_seq = greatest(given.last_seq, excluded.last_seq);

-- name: end_tenures
-- Heads who left their posts since: their appointments end with them.
UPDATE identity.appointment SET valid_to = gone.at
FROM unnest($1::uuid[], $2::timestamptz[]) AS gone(tenure, at)
WHERE appointment.tenure = gone.tenure AND (valid_to IS NULL OR valid_to > gone.at);

-- name: stale_rows
-- Accepted events that the log refused because their numbers were given before; in the order in which they were accepted.
SELECT id, event_id::text, unit, bytes FROM intake.outbox WHERE refused = 'stale' ORDER BY id FOR UPDATE;

-- name: renumber
-- Such an event under the next number of its unit, and as a new row: the relay repeats one that it has sent only after a while.
UPDATE intake.outbox SET id = DEFAULT, unitseq = $2, bytes = $3, refused = NULL WHERE id = $1;

-- name: answer_of
-- The answer to a write.
SELECT answer FROM intake.write WHERE id = $1;

-- name: renumber_answer
-- The answer to its write tells the new number.
UPDATE intake.write SET answer = $2 WHERE id = $1;

-- name: closings_logged
-- The closings are in the log since $2: their findings may lapse once a whole reply period has passed since then.
UPDATE intake.finding SET lapse_after = greatest(finding.reply_due, $2)
FROM intake.inspection
WHERE inspection.closing = ANY($1::uuid[]) AND finding.inspection = inspection.id
  AND finding.lapse_after IS NULL AND finding.reply_due = inspection.reply_due;

-- name: findings_logged
-- These later findings are in the log themselves.
UPDATE intake.finding SET lapse_after = greatest(reply_due, $2)
WHERE id = ANY($1::uuid[]) AND lapse_after IS NULL AND reply_due IS NOT NULL;

-- name: last_numbers
-- The last numbers given to these units.
SELECT unit, last_seq FROM intake.unit_sequence WHERE unit = ANY($1::text[]);

-- name: outbox_depth
-- Rows that wait for their receipt, and when the oldest was accepted.
SELECT count(*) AS waiting, min(accepted_at) AS oldest, count(refused) AS refused FROM intake.outbox;

-- name: drop_later_versions
-- Versions that a closing cut to nothing: those beginning after the unit's last one.
DELETE FROM identity.unit_version
USING unnest($1::text[], $2::date[]) AS kept(unit, last)
WHERE unit_version.unit = kept.unit AND unit_version.valid_from > kept.last;

-- name: forget_minutes
-- Parts of these closings are erased: the hashes of minutes that told them lose their salt.
UPDATE intake.minutes_issue SET salt = NULL
FROM intake.inspection WHERE inspection.id = minutes_issue.inspection AND inspection.closing = ANY($1::uuid[]);
