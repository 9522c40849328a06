"""Rights are read fresh: what an appointment gives, where it ends, and what a token carries."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.kernel.identity import ancestors, authenticate, hash_token, subtree
from services.kernel.problems import Forbidden, Unauthorized
from services.kernel.roles import Action, Role

NOW = datetime.now(UTC)
DAY = date(2026, 9, 1)


@pytest.fixture
async def owner(settings):
    connection = await asyncpg.connect(settings.database_url)
    yield connection
    await connection.close()


async def appoint(owner, account, role, unit=None, until=None):
    await owner.execute(
        "INSERT INTO identity.account (account, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING", account, NOW
    )
    await owner.execute(
        "INSERT INTO identity.appointment (id, account, role, unit, valid_from, valid_to)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        uuid4(), account, role, unit, NOW - timedelta(days=30), until,
    )  # fmt: skip


async def sign_in(owner, token, account, kind="browser", role=None, unit=None, hours=8.0):
    await owner.execute(
        "INSERT INTO identity.session (token_hash, account, kind, role, unit, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash_token(token), account, kind, role, unit, NOW, NOW + timedelta(hours=hours),
    )  # fmt: skip


async def register(owner, unit, parent=None, since=date(2025, 7, 1), until=None):
    await owner.execute("INSERT INTO identity.unit VALUES ($1, $2) ON CONFLICT DO NOTHING", unit, NOW)
    await owner.execute(
        "INSERT INTO identity.unit_version (unit, valid_from, valid_to, name, grp, parent, staff)"
        " VALUES ($1, $2, $3, $1, 'xa', $4, 9)",
        unit, since, until, parent,
    )  # fmt: skip


@pytest.fixture
async def app(settings):
    connection = await asyncpg.connect(settings.dsn("reports_app"))
    yield connection
    await connection.close()


async def test_a_browser_session_has_all_its_accounts_roles(owner, app):
    await appoint(owner, "an", "lead")
    await appoint(owner, "an", "reviewer")
    await sign_in(owner, "t", "an")
    caller = await authenticate(app, "t")
    assert caller.roles(NOW) == {Role.LEAD, Role.REVIEWER}


async def test_a_token_carries_one_role_and_unit_only(owner, app):
    await appoint(owner, "an", "lead")
    await appoint(owner, "an", "inspector", "xa-a")
    await sign_in(owner, "t", "an", "bearer", "inspector", "xa-a")
    (grant,) = (await authenticate(app, "t")).grants
    assert (grant.role, grant.unit) == (Role.INSPECTOR, "xa-a")


async def test_a_token_whose_appointment_ended_gives_nothing_now(owner, app):
    await appoint(owner, "an", "reviewer", until=NOW - timedelta(hours=1))
    await sign_in(owner, "t", "an", "bearer", "reviewer")
    caller = await authenticate(app, "t")
    with pytest.raises(Forbidden):
        caller.require(Action.DECIDE, NOW)


@pytest.mark.parametrize("token", [None, "unknown", "expired", "revoked", "disabled"])
async def test_no_broken_or_expired_token_gets_in(owner, app, token):
    await appoint(owner, "an", "lead")
    await appoint(owner, "gone", "lead")
    await owner.execute("UPDATE identity.account SET disabled_at = now() WHERE account = 'gone'")
    await sign_in(owner, "expired", "an", hours=-0.1)
    await sign_in(owner, "revoked", "an")
    await owner.execute("UPDATE identity.session SET revoked_at = now() WHERE token_hash = $1", hash_token("revoked"))
    await sign_in(owner, "disabled", "gone")
    with pytest.raises(Unauthorized):
        await authenticate(app, token)


async def test_ancestors_and_subtree_are_those_of_the_day(owner, app):
    await register(owner, "so-a")
    await register(owner, "xa-b", "so-a")
    await register(owner, "tt-c", "xa-b")
    await register(owner, "old", "so-a", date(2021, 1, 1), date(2025, 6, 30))
    assert await ancestors(app, ["tt-c", "nobody"], DAY) == {"tt-c": ("tt-c", "xa-b", "so-a"), "nobody": ("nobody",)}
    assert set(await subtree(app, "so-a", DAY)) == {"so-a", "xa-b", "tt-c"}
    assert set(await subtree(app, "so-a", date(2024, 1, 1))) == {"so-a", "old"}


async def test_reach_follows_the_matrix(owner, app):
    for role, unit in (("unit_head", "xa-b"), ("lead", "so-a"), ("reviewer", None)):
        await appoint(owner, role.replace("_", "-"), role, unit)
        await sign_in(owner, role, role.replace("_", "-"))
    chain, child = ("xa-b", "so-a"), ("tt-c", "xa-b", "so-a")
    head, lead, reviewer = [await authenticate(app, role) for role in ("unit_head", "lead", "reviewer")]
    assert head.reaches(Action.ANSWER, chain, NOW) and not head.reaches(Action.ANSWER, child, NOW)
    assert head.reaches(Action.READ_CASE, child, NOW) and not head.reaches(Action.READ_CASE, ("so-a",), NOW)
    assert lead.reaches(Action.FILE, child, NOW) and not lead.reaches(Action.DECIDE, child, NOW)
    assert reviewer.reaches(Action.DECIDE, ("elsewhere",), NOW) and not reviewer.reaches(Action.FILE, chain, NOW)


async def test_an_app_role_reads_the_views_and_nothing_else_of_intakes(app):
    for table in ("identity.account", "identity.session", "identity.appointment", "intake.outbox"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"SELECT * FROM {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("DELETE FROM identity.unit_tree")
