"""Signing: what is checked before, what the guard refuses, and an operator's word."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.audit.errors import Fenced, GuardRefuses, LogCorrupt
from services.audit.signer import trust
from services.kernel.log.note import Checkpoint
from services.kernel.process.settings import Settings
from tests.support.events import many
from tests.support.instance import free_port
from tests.support.log import Log, drain, open_log
from tests.support.warm import run


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    """A log of 300 entries, signed."""
    async with open_log(settings) as log:
        await grow(log, 300)
        await log.sign()
        yield log


async def grow(log: Log, count: int) -> None:
    first = await log.size()
    await log.publish(many(count, log.origin, first))
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()


async def tamper(log: Log, *statements: str) -> None:
    """As one who holds the database: triggers do not stop him."""
    async with log.admin.transaction():
        await log.admin.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await log.admin.execute(statement)


async def restore_to(log: Log, size: int) -> None:
    """The database as it was at an earlier size: a restore from behind."""
    from services.audit.tree import range_at

    tree = await range_at(log.pool, size)
    await tamper(
        log,
        f"DELETE FROM audit.entry WHERE idx >= {size}",
        f"DELETE FROM audit.tile WHERE (n + 1) * 256 > {size}",
        f"DELETE FROM audit.checkpoint WHERE size > {size}",
        "DELETE FROM audit.unit_position",
        "INSERT INTO audit.unit_position SELECT unit, max(unitseq) FROM audit.entry GROUP BY unit",
    )
    await log.admin.execute(
        "UPDATE audit.tree_head SET size = $1, root = $2, peaks = $3", size, tree.root(), tree.hashes
    )


async def test_a_checkpoint_is_guarded_kept_and_served_the_same(log: Log) -> None:
    row = await log.pool.fetchrow("SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    kept = log.guard.read()
    assert kept == Checkpoint.open(row["note"], log.signer.verifier) == Checkpoint(log.origin, 300, row["root"])


async def test_signing_again_changes_nothing(log: Log) -> None:
    signer = await log.checkpoint_signer(await log.crown())
    assert not await signer.step()
    assert await log.pool.fetchval("SELECT count(*) FROM audit.checkpoint") == 1
    await grow(log, 10)
    again = await log.checkpoint_signer(await log.pool.fetchval("SELECT epoch FROM audit.tree_head"))
    assert not await again.step()
    assert await log.pool.fetchval("SELECT array_agg(size ORDER BY size) FROM audit.checkpoint") == [300, 310]
    await log.check(310)


async def test_a_database_behind_the_guard_is_neither_signed_nor_grown(log: Log) -> None:
    await restore_to(log, 280)
    with pytest.raises(GuardRefuses, match="holds 280 entries, but a checkpoint of 300"):
        await log.checkpoint_signer(await log.crown())
    await grow(log, 40)  # even grown beyond the guard by other entries, it differs
    assert await log.size() == 320
    await log.check(320)  # the same events again make the same tree, which the guard accepts


async def test_a_database_behind_the_guard_ends_the_program_with_a_sentence(log: Log) -> None:
    await restore_to(log, 280)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KYCUONG_")}
    command = ["serve", "audit", "--data", str(log.settings.data), "--port", str(free_port())]
    environment = {**clean, "KYCUONG_DATABASE_URL": log.settings.database_url}
    ended = await asyncio.to_thread(run, command, env=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    said = ended.stderr.splitlines()[-1]
    assert "chỉ có 280 sự kiện" in said and "restore a newer backup" in said
    assert await log.size() == 280


async def test_a_database_that_differs_from_the_guard_is_not_signed(log: Log) -> None:
    await restore_to(log, 280)
    await log.publish(many(60, log.origin, 1280))
    sequencer = log.sequencer(await log.crown())
    await tamper(log, "DELETE FROM audit.unit_position")
    await drain(sequencer)
    await log.admin.execute("DELETE FROM audit.held")
    await sequencer.close()
    from tests.support.events import finding, record

    await log.publish([record(finding(5000 + i, f"dvsn-{i}", 1, origin=log.origin), f"dvsn-{i}") for i in range(40)])
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    assert await log.size() == 320
    with pytest.raises(GuardRefuses, match="differ from those published"):
        await log.checkpoint_signer(await log.crown())


async def test_a_missing_guard_counts_as_ahead_until_an_operator_says_otherwise(log: Log) -> None:
    (log.settings.folder.log_dir / "guard/checkpoint").unlink()
    with pytest.raises(GuardRefuses, match="is missing"):
        await log.checkpoint_signer(await log.crown())
    checkpoint = await trust(log.pool, log.signer, log.guard)
    assert (checkpoint.size, log.guard.read()) == (300, checkpoint)
    await log.check(300)


async def test_a_broken_guard_counts_as_ahead(log: Log) -> None:
    (log.settings.folder.log_dir / "guard/checkpoint").write_text("hỏng\n")
    with pytest.raises(GuardRefuses, match="not a checkpoint of this log"):
        await log.checkpoint_signer(await log.crown())


async def test_an_operator_may_accept_a_database_from_behind(log: Log) -> None:
    await restore_to(log, 280)
    assert (await trust(log.pool, log.signer, log.guard)).size == 280
    await grow(log, 40)
    await log.check(320)


async def test_nobody_may_accept_a_database_that_contradicts_itself(log: Log) -> None:
    await tamper(log, "UPDATE audit.entry SET bytes = 'x' WHERE idx = 299")
    with pytest.raises(LogCorrupt):
        await trust(log.pool, log.signer, log.guard)


async def test_the_guard_runs_ahead_of_the_kept_checkpoints_after_a_crash_and_that_is_fine(log: Log) -> None:
    """Killed between the guard's fsync and the insert: the tree holds what the guard says."""
    await grow(log, 20)
    row = await log.pool.fetchrow("SELECT size, root FROM audit.tree_head")
    log.guard.advance(log.signer.sign(Checkpoint(log.origin, row["size"], row["root"]).text()), log.guard.read())
    await log.check(320)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entry SET bytes = overlay(bytes PLACING 'x' FROM 30) WHERE idx = 305",
        "DELETE FROM audit.entry WHERE idx = 305",
        "UPDATE audit.tree_head SET root = sha256('x')",
    ],
)
async def test_what_changed_since_the_last_checkpoint_is_rehashed_before_signing(log: Log, statement: str) -> None:
    signer = await log.checkpoint_signer(await log.crown())
    await log.publish(many(20, log.origin, 300))
    sequencer = log.sequencer(await log.pool.fetchval("SELECT epoch FROM audit.tree_head"))
    await drain(sequencer)
    await sequencer.close()
    await tamper(log, statement)
    with pytest.raises(LogCorrupt):
        await signer.step()
    assert await log.pool.fetchval("SELECT max(size) FROM audit.checkpoint") == 300


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entry SET bytes = 'x' WHERE idx = 299",
        "UPDATE audit.tile SET hashes = overlay(hashes PLACING 'x' FROM 30)",
        "UPDATE audit.tile SET root = sha256('x')",
        "DELETE FROM audit.tile",
        "DELETE FROM audit.entry WHERE idx = 270",
        "UPDATE audit.tree_head SET peaks = '{}'",
    ],
)
async def test_a_changed_right_edge_is_found_at_the_start(log: Log, statement: str) -> None:
    await tamper(log, statement)
    with pytest.raises(LogCorrupt):
        await log.checkpoint_signer(await log.crown())


async def test_a_signer_of_an_earlier_epoch_signs_nothing(log: Log) -> None:
    paused = await log.checkpoint_signer(await log.crown("one"))
    await grow(log, 20)
    with pytest.raises(Fenced):
        await paused.step()
    await log.check(320)


async def test_two_signers_never_write_over_each_others_guard(log: Log) -> None:
    """A twin signed in between: the guard is not what this one last saw, so it starts over."""
    paused = await log.checkpoint_signer(await log.crown("one"))
    await grow(log, 20)
    await log.sign()
    row = await log.pool.fetchrow("SELECT size, root FROM audit.tree_head")
    with pytest.raises(Fenced):
        await paused._issue(row["size"], row["root"])
    await log.check(320)


@pytest.mark.parametrize("index", [0, 100, 255, 256, 299])
async def test_a_tampered_entry_is_found_with_its_index(log: Log, index: int) -> None:
    assert (await log.verdict()).ok
    await tamper(log, f"UPDATE audit.entry SET bytes = overlay(bytes PLACING 'x' FROM 30) WHERE idx = {index}")
    assert (await log.verdict()).first_bad_index == index


async def test_a_tampered_entry_with_its_leaf_is_found_too(log: Log) -> None:
    """Whoever rewrites the bytes and the hash beside them still cannot rewrite what was signed."""
    await tamper(log, "UPDATE audit.entry SET bytes = 'x', leaf = sha256('\\x0078'::bytea) WHERE idx = 120")
    assert (await log.verdict()).first_bad_index == 120
    await tamper(log, "UPDATE audit.entry SET leaf = sha256('\\x0078'::bytea), bytes = 'x' WHERE idx = 290")
    verdict = await log.verdict()
    assert not verdict.ok


async def test_a_tampered_tile_is_found_with_its_index(log: Log) -> None:
    await tamper(log, "UPDATE audit.tile SET hashes = overlay(hashes PLACING 'x' FROM 32 * 77 + 5)")
    assert (await log.verdict()).first_bad_index == 77
