-- Statements of the log. The sequencer's transaction begins with the kernel's move_position and ends with move_head.

-- name: published
-- How much has been published: entries by index, refusals by number.
SELECT up_to FROM audit.published WHERE what = $1;

-- name: raise_published
-- What has been published only grows.
INSERT INTO audit.published (what, up_to) VALUES ($1, $2)
ON CONFLICT (what) DO UPDATE SET up_to = excluded.up_to WHERE published.up_to < excluded.up_to;

-- name: known_leaves
-- The leaf hashes of those ids that are in the log already.
SELECT id::text AS id, leaf FROM audit.entry WHERE id = ANY($1::uuid[]);

-- name: unit_positions
-- The last unitseq of each unit.
SELECT unit, unitseq FROM audit.unit_position;

-- name: holds_any
-- Whether anything is held.
SELECT EXISTS (SELECT FROM audit.held);

-- name: waiting
-- What is held of these units, or under these ids, first come first.
SELECT id::text AS id, unit, unitseq, bytes, traceparent, tracestate FROM audit.held
WHERE unit = ANY($1::text[]) OR id = ANY($2::uuid[])
ORDER BY held_at, id;

-- name: add_tiles
-- Full tiles are written once: a tile that is there already is left as it is, and not returned.
INSERT INTO audit.tile (level, n, hashes, root)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[])
ON CONFLICT (level, n) DO NOTHING
RETURNING level;

-- name: same_tiles
-- How many of these tiles are stored with exactly these hashes.
SELECT count(*) FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS made(level, n, hashes)
JOIN audit.tile USING (level, n, hashes);

-- name: raise_units
-- The last unitseq of the units that grew.
INSERT INTO audit.unit_position (unit, unitseq)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (unit) DO UPDATE SET unitseq = excluded.unitseq WHERE unit_position.unitseq < excluded.unitseq;

-- name: release
-- What was held and is no longer.
DELETE FROM audit.held WHERE id = ANY($1::uuid[]);

-- name: move_head
-- Move the tree head by compare-and-set on size, root and epoch: no row means fenced.
UPDATE audit.tree_head SET size = $4, root = $5, peaks = $6
WHERE size = $1 AND root = $2 AND epoch = $3;

-- name: read_head
-- The tree as it stands.
SELECT size, root, peaks, epoch FROM audit.tree_head;

-- name: take_lease
-- Take the lease if nobody holds it now, under a new epoch.
UPDATE audit.lease
SET holder = $1, epoch = epoch + 1, expires_at = clock_timestamp() + $2::interval
WHERE holder = $1 OR expires_at < clock_timestamp()
RETURNING epoch;

-- name: crown
-- Bind the head to the new epoch: from here on no earlier holder can move it.
UPDATE audit.tree_head SET epoch = $1 WHERE epoch < $1 RETURNING epoch;

-- name: renew_lease
-- Keep the lease.
UPDATE audit.lease SET expires_at = clock_timestamp() + $3::interval WHERE holder = $1 AND epoch = $2;

-- name: drop_lease
-- Give the lease back at an orderly stop.
UPDATE audit.lease SET expires_at = '-infinity' WHERE holder = $1 AND epoch = $2;

-- name: entries_from
-- Entries [$1, $2) in log order.
SELECT idx, unit, bytes, traceparent, tracestate FROM audit.entry WHERE idx >= $1 AND idx < $2 ORDER BY idx;

-- name: bundle
-- Entries [$1, $2) in log order as an entry bundle: each after its length in two bytes (tlog-tiles); how many they are.
SELECT count(*) AS width, string_agg(int2send(octet_length(bytes)::int2) || bytes, ''::bytea ORDER BY idx) AS entries
FROM audit.entry WHERE idx >= $1 AND idx < $2;

-- name: entry_by_id
-- One entry by its event's id.
SELECT idx, id::text AS id, unit, unitseq, bytes, appended_at FROM audit.entry WHERE id = $1;

-- name: index_of
-- Where an event stands in the log.
SELECT idx FROM audit.entry WHERE id = $1;

-- name: leaves
-- The leaf hashes of entries [$1, $2), one after another.
SELECT count(*) AS width, string_agg(leaf, ''::bytea ORDER BY idx) AS hashes
FROM audit.entry WHERE idx >= $1 AND idx < $2;

-- name: tile_roots
-- The roots of the full tiles [$2, $3) of level $1, one after another: the hashes of the level above.
SELECT count(*) AS width, string_agg(root, ''::bytea ORDER BY n) AS hashes
FROM audit.tile WHERE level = $1 AND n >= $2 AND n < $3;

-- name: full_tile
-- A full tile's hashes.
SELECT hashes FROM audit.tile WHERE level = $1 AND n = $2;

-- name: tiles_from
-- The hashes and roots of the full tiles [$2, $3) of level $1.
SELECT n, hashes, root FROM audit.tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n;

-- name: latest_checkpoint
-- The newest checkpoint that is signed and kept: what the services read by, whether or not witnesses have seen it.
SELECT size, root, note, extract(epoch FROM clock_timestamp() - signed_at)::float8 AS age
FROM audit.checkpoint ORDER BY size DESC LIMIT 1;

-- name: public_checkpoint
-- The newest checkpoint that is public, with the note as served.
SELECT publication.seq, publication.size, checkpoint.root, publication.note,
       extract(epoch FROM clock_timestamp() - published_at)::float8 AS age
FROM audit.publication JOIN audit.checkpoint USING (size) ORDER BY seq DESC LIMIT 1;

-- name: add_checkpoint
-- Keep a signed checkpoint, if the signer's epoch still rules, and publish it if $5, nobody having to see it first; the
-- same one again changes nothing. No row: it was not added.
WITH kept AS (
    INSERT INTO audit.checkpoint (size, root, note)
    SELECT $1, $2, $3 FROM audit.tree_head WHERE epoch = $4 AND size >= $1
    ON CONFLICT (size) DO NOTHING
    RETURNING size, note
), public AS (
    INSERT INTO audit.publication (size, note) SELECT size, note FROM kept WHERE $5
)
SELECT size FROM kept;

-- name: publish
-- Publish a note of a kept checkpoint, if the epoch still rules and nothing larger is public. No row: fenced.
INSERT INTO audit.publication (size, note)
SELECT $1, $2 FROM audit.tree_head
WHERE epoch = $3 AND $1 >= coalesce((SELECT size FROM audit.publication ORDER BY seq DESC LIMIT 1), 0)
RETURNING seq;

-- name: note_witness
-- What a witness said, or why it did not; a failure leaves what it cosigned before.
INSERT INTO audit.witness_state (name, size, cosigned_at, trouble) VALUES ($1, $2, to_timestamp($3), $4)
ON CONFLICT (name) DO UPDATE SET
    size = coalesce(excluded.size, witness_state.size),
    cosigned_at = coalesce(excluded.cosigned_at, witness_state.cosigned_at),
    trouble = excluded.trouble, at = now();

-- name: refusals_from
-- Refusals after one, in order.
SELECT seq, id, unit, unitseq, reason, sha256 FROM audit.refusal WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: held_state
-- How many events are held, and the age of the oldest in seconds.
SELECT count(*) AS held, coalesce(extract(epoch FROM clock_timestamp() - min(held_at)), 0)::float8 AS age FROM audit.held;

-- For the proofs and the explorer.

-- name: entry_by_index
-- One entry by its place in the log.
SELECT idx, id::text AS id, unit, unitseq, bytes, appended_at FROM audit.entry WHERE idx = $1;

-- name: erasures_after
-- Later entries of a unit whose bytes name this subject: the index finds the unit's few, the bytes settle which.
SELECT idx, bytes FROM audit.entry
WHERE unit = $1 AND unitseq > $2 AND position($3::bytea in bytes) > 0
ORDER BY unitseq;

-- name: checkpoints_before
-- Signed checkpoints smaller than this, newest first.
SELECT size, root, signed_at FROM audit.checkpoint WHERE size < $1 ORDER BY size DESC LIMIT $2;

-- name: growth
-- At most $1 + 1 signed checkpoints, evenly spaced by size: one look at the index for each, however many there are.
WITH newest AS (SELECT size FROM audit.checkpoint ORDER BY size DESC LIMIT 1)
SELECT DISTINCT found.size, found.signed_at
FROM newest, generate_series(0, $1::integer) AS step
CROSS JOIN LATERAL (
    SELECT size, signed_at FROM audit.checkpoint AS kept
    WHERE kept.size >= newest.size * step / $1::integer
    ORDER BY kept.size LIMIT 1
) AS found
ORDER BY found.size;

-- name: witnesses
-- What each witness last said.
SELECT name, size, cosigned_at, trouble, at FROM audit.witness_state ORDER BY name;

-- name: unit_names
-- What units ($1) were called on a day ($2), or on their nearest valid day.
SELECT DISTINCT ON (unit) unit, name FROM identity.unit_tree WHERE unit = ANY($1::text[])
ORDER BY unit, (valid_from > $2), CASE WHEN valid_from > $2 THEN valid_from - $2 ELSE $2 - valid_from END;

-- name: case_as
-- Of a finding or inspection: whether an account is of its team, and whether its unit may not know of it yet. No row: unknown.
SELECT mine, kept FROM identity.case_as($1::uuid, $2);

-- name: unannounced_open
-- Whether an unannounced round is open: then nobody outside may read entries.
SELECT identity.unannounced_open();
