"""`kycuong rebuild`: the whole log over HTTP, checked, folded in place of the projections."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner, Result

from services.kernel.feed.entries import LogDiffers
from services.kernel.process.folder import write_durably
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.reports import cli
from services.reports.fold.fold import Fold
from services.reports.fold.rebuild import rebuild
from tests.integration.test_reports_fold import UNIT, busy, dump, made
from tests.support.reports_http import CLOSED_PORT, served_log
from tests.support.reports_log import MadeLog

__all__ = ["made"]


async def fold(settings: Settings, made: MadeLog, size: int | None = None) -> dict[str, list[str]]:
    pool = await open_pool(settings.dsn("reports_app"), name="reports-test", size=2)
    try:
        await Fold(pool).apply(made.covered((await Fold(pool).position()).size, size))
        return await dump(pool)
    finally:
        await pool.close()


async def shown(settings: Settings) -> dict[str, list[str]]:
    pool = await open_pool(settings.dsn("reports_app"), name="reports-test", size=2)
    try:
        return await dump(pool)
    finally:
        await pool.close()


async def damage(settings: Settings) -> None:
    pool = await open_pool(settings.dsn("reports_app"), name="reports-test", size=2)
    await pool.execute("UPDATE reports.finding SET outcome = 'upheld'; DELETE FROM reports.card")
    await pool.close()


async def run(settings: Settings, audit_url: str) -> Result:
    write_durably(settings.folder.secrets_dir / "database_url", settings.database_url, 0o600)
    arguments = ["--data", str(settings.data), "--audit-url", audit_url]
    return await asyncio.to_thread(CliRunner().invoke, cli.rebuild, arguments)


async def test_a_rebuild_over_http_equals_live_byte_for_byte(settings: Settings, made: MadeLog) -> None:
    busy(made, 7, visits=60)  # more than one bundle
    assert len(made.entries) > 256
    live = await fold(settings, made)
    await damage(settings)
    assert await shown(settings) != live
    async with served_log(settings, made) as served:
        result = await run(settings, served.audit_url)
    assert (result.exit_code, f"log size {len(made.entries)}" in result.output) == (0, True), result.output
    assert await shown(settings) == live


async def test_a_log_that_is_not_the_signed_one_changes_nothing(settings: Settings, made: MadeLog) -> None:
    made.golden()
    live = await fold(settings, made)
    other = MadeLog(signer=made.signer)
    other.entries = [*made.entries[:-1], made.entries[-1].replace(b'"upheld"', b'"excused"')]
    async with served_log(settings, other) as served:
        other.note = made.note  # type: ignore[method-assign]  # the entries are forged, the signature is not
        with pytest.raises(LogDiffers):
            await rebuild(served)
        result = await run(settings, served.audit_url)
    assert (result.exit_code, "nothing was changed" in result.output) == (1, True)
    assert await shown(settings) == live


async def test_without_the_log_the_command_says_what_to_do(settings: Settings, made: MadeLog) -> None:
    made.golden()
    (settings.folder.log_dir / "vkey").write_text(made.signer.vkey + "\n")
    result = await run(settings, CLOSED_PORT)
    assert (result.exit_code, "kycuong run" in result.output) == (1, True)


async def test_a_fold_goes_on_behind_a_rebuild(settings: Settings, made: MadeLog) -> None:
    made.golden()
    half = len(made.entries)
    made.golden()
    await fold(settings, made, half)
    async with served_log(settings, made) as served:
        assert await rebuild(served) == len(made.entries)
    made.record(UNIT, made.open(UNIT), "A01")
    after = await fold(settings, made)
    assert f"(t,{len(made.entries)}," in after["head"][0]
