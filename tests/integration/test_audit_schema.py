"""What the database itself refuses, and that the hot statements find their rows by index."""

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.audit.tree import queries
from services.kernel.process.settings import Settings
from services.kernel.store.migrate import migrate
from tests.support.events import event_id, many
from tests.support.log import Log, drain, open_log

INSERT_ONLY = {
    "entry": "unit",
    "tile": "root",
    "checkpoint": "note",
    "publication": "note",
    "refusal": "reason",
    "dead_letter": "error",
}


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with open_log(settings) as log:
        yield log


@pytest.mark.parametrize("table", INSERT_ONLY)
async def test_the_service_may_not_change_what_is_written(log: Log, table: str) -> None:
    column = INSERT_ONLY[table]
    for statement in (
        f"UPDATE audit.{table} SET {column} = {column}",
        f"DELETE FROM audit.{table}",
        f"TRUNCATE audit.{table}",
        f"DROP TABLE audit.{table}",
        f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await log.pool.execute(statement)


@pytest.mark.parametrize("table", INSERT_ONLY)
async def test_not_even_the_owner_changes_it_by_accident(log: Log, table: str) -> None:
    owner = await asyncpg.connect(log.settings.dsn("audit_owner"))
    try:
        column = INSERT_ONLY[table]
        for statement in (
            f"UPDATE audit.{table} SET {column} = {column}",
            f"DELETE FROM audit.{table}",
            f"TRUNCATE audit.{table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(statement)
    finally:
        await owner.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit.tree_head (one, size, root, peaks, epoch) VALUES (true, 0, '', '{}', 0)",
        "DELETE FROM audit.tree_head",
        "DELETE FROM audit.lease",
        "DELETE FROM audit.stream_position",
        "DELETE FROM audit.unit_position",
        "UPDATE audit.held SET unit = 'x'",
        "CREATE TABLE audit.mine (a int)",
        "SELECT * FROM intake.outbox",
        "SELECT * FROM identity.session",
    ],
)
async def test_the_service_holds_no_further_right(log: Log, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await log.pool.execute(statement)


# every table of the log, and what its service may do with it: a table that is not here is a fault
INSERTED, POSITION = {"SELECT", "INSERT"}, {"SELECT", "INSERT", "UPDATE"}
MAY = {
    "entry": INSERTED,
    "tile": INSERTED,
    "checkpoint": INSERTED,
    "publication": INSERTED,
    "refusal": INSERTED,
    "dead_letter": INSERTED,
    "tree_head": {"SELECT", "UPDATE"},
    "lease": {"SELECT", "UPDATE"},
    "stream_position": POSITION,
    "published": POSITION,
    "unit_position": POSITION,
    "witness_state": POSITION,
    "held": {"SELECT", "INSERT", "DELETE"},
    "alembic_version": {"SELECT"},
}


async def test_each_table_grants_exactly_what_its_kind_allows(log: Log) -> None:
    rows = await log.admin.fetch(
        "SELECT relname, privilege FROM pg_class,"
        " unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,MAINTAIN}'::text[]) AS privilege"
        " WHERE relnamespace = 'audit'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
        " AND (has_table_privilege('kycuong_audit_app', pg_class.oid, privilege)"
        " OR privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
        " AND has_any_column_privilege('kycuong_audit_app', pg_class.oid, privilege))"
    )
    granted: dict[str, set[str]] = {}
    for row in rows:
        granted.setdefault(row["relname"], set()).add(row["privilege"])
    assert granted == MAY


async def test_an_older_log_goes_on_with_its_newest_checkpoint_public(log: Log) -> None:
    """What 0001 had signed it had served."""
    for size in (10, 20):
        await log.publish(many(10, log.origin, size - 10))
        sequencer = log.sequencer(await log.crown())
        await drain(sequencer)
        await sequencer.close()
        await log.sign()
    await log.admin.execute(
        "DROP TABLE audit.publication, audit.witness_state; UPDATE audit.alembic_version SET version_num = '0001'"
    )
    await migrate(log.settings)
    public = await log.pool.fetch("SELECT size, note FROM audit.publication")
    kept = await log.pool.fetchval("SELECT note FROM audit.checkpoint WHERE size = 20")
    assert [tuple(row) for row in public] == [(20, kept)]
    await log.check(20)


async def test_one_place_holds_one_entry_and_one_size_one_root(log: Log) -> None:
    row = (0, uuid4(), "xa-001", 1, b"x", bytes(32))
    statement = "INSERT INTO audit.entry (idx, id, unit, unitseq, bytes, leaf) VALUES ($1, $2, $3, $4, $5, $6)"
    await log.pool.execute(statement, *row)
    for change in ({0: 0}, {0: 1, 1: row[1]}, {0: 1, 1: uuid4()}):
        again = [change.get(i, uuid4() if i == 1 else value) for i, value in enumerate(row)]
        with pytest.raises(asyncpg.UniqueViolationError):
            await log.pool.execute(statement, *again)
    for bad in ("UPDATE audit.tree_head SET size = -1", "UPDATE audit.tree_head SET root = 'x'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await log.pool.execute(bad)


HOT = {
    "known_leaves": ("entry_id_key", [[event_id(i) for i in range(50)]]),
    "waiting": ("held", [["xa-001"], [event_id(1)]]),
    "entries_from": ("entry_pkey", [100, 200]),
    "bundle": ("entry_pkey", [256, 512]),
    "leaves": ("entry_pkey", [256, 300]),
    "tile_roots": ("tile_pkey", [0, 0, 5]),
    "full_tile": ("tile_pkey", [0, 1]),
    "index_of": ("entry_id_key", [event_id(7)]),
    "entry_by_id": ("entry_id_key", [event_id(7)]),
    "refusals_from": ("refusal_pkey", [5, 10]),
    "latest_checkpoint": ("checkpoint_pkey", []),
    "public_checkpoint": ("publication_pkey", []),
}


@pytest_asyncio.fixture
async def grown(log: Log) -> Log:
    sequencer = log.sequencer(await log.crown())
    for first in range(0, 12_000, 4000):
        await log.publish(many(4000, log.origin, first))
    await drain(sequencer)
    await sequencer.close()
    # enough rows everywhere that a scan would cost more than the index
    await log.admin.execute(
        "INSERT INTO audit.refusal (id, unit, unitseq, reason, sha256, bytes)"
        " SELECT '', '', 0, 'stale', sha256('x'), 'x' FROM generate_series(1, 5000)"
    )
    await log.admin.execute(
        "INSERT INTO audit.checkpoint (size, root, note)"
        " SELECT n, sha256('x'), 'x' FROM generate_series(100000, 105000) n"
    )
    await log.admin.execute(
        "INSERT INTO audit.publication (size, note) SELECT n, 'x' FROM generate_series(100000, 105000) n"
    )
    await log.admin.execute(
        "INSERT INTO audit.unit_position SELECT 'dvsn-' || n, 1 FROM generate_series(1, 5000) n;"
        "INSERT INTO audit.tile SELECT 1, n, repeat('x', 8192)::bytea, sha256('x') FROM generate_series(1, 300) n;"
        "INSERT INTO audit.held (id, unit, unitseq, bytes) SELECT gen_random_uuid(), 'dvsn-' || n, 2, 'x'"
        " FROM generate_series(1, 5000) n"
    )
    await log.admin.execute("ANALYZE")
    return log


async def test_hot_statements_use_their_index(grown: Log) -> None:
    for name, (index, arguments) in HOT.items():
        found = await grown.pool.fetchval(f"EXPLAIN (FORMAT JSON) {getattr(queries, name)}", *arguments)
        plan = json.dumps(json.loads(found))
        assert "Seq Scan" not in plan, (name, plan)
        assert index in plan, (name, plan)
