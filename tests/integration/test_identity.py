"""Rights are read fresh: what an appointment gives, where it ends, and what a token carries."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.kernel.identity.authentication import authenticate, hash_token, units_near
from services.kernel.identity.reach import chain, scope
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import Forbidden, Unauthorized

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


async def test_the_units_near_are_those_above_and_the_heirs_with_theirs(owner, app):
    await register(owner, "so-a")
    await register(owner, "xa-b", "so-a")
    await register(owner, "tt-c", "xa-b", date(2021, 1, 1), date(2025, 6, 30))
    await register(owner, "xa-d")
    await register(owner, "tt-e", "xa-d")
    await owner.execute(
        "INSERT INTO identity.lineage VALUES (gen_random_uuid(), 'merge', 'tt-c', 'tt-e', '2025-07-01', true),"
        " (gen_random_uuid(), 'merge', 'tt-c', 'elsewhere', '2025-07-01', false)"
    )
    near = await units_near(app, "tt-c")
    assert set(near.parents) == {"tt-c", "xa-b", "so-a", "tt-e", "xa-d"}
    assert chain(near, "tt-c", DAY) == ("tt-c", "xa-b", "so-a")
    assert scope(near, "tt-c", date(2025, 6, 30)) == ("tt-c", "xa-b", "so-a")
    assert scope(near, "tt-c", DAY) == ("tt-c", "xa-b", "so-a", "tt-e", "xa-d")
    assert scope(await units_near(app, "nobody"), "nobody", DAY) == ("nobody",)


async def test_a_token_tells_of_the_posts_that_it_does_not_carry(owner, app):
    await appoint(owner, "an", "inspector", "xa-a")
    await appoint(owner, "an", "unit_head", "xa-b")
    await appoint(owner, "an", "lead", "xa-c")
    await sign_in(owner, "carried", "an", "bearer", "inspector", "xa-a")
    await sign_in(owner, "browser", "an")
    await sign_in(owner, "head", "an", "bearer", "unit_head", "xa-b")
    told = {token: await authenticate(app, token) for token in ("carried", "browser", "head")}
    assert {token: sorted(grant.role for grant in caller.grants) for token, caller in told.items()} == {
        "carried": ["inspector"], "browser": ["inspector", "lead", "unit_head"], "head": ["unit_head"],
    }  # fmt: skip
    assert all([post.unit for post in caller.posts] == ["xa-b"] for caller in told.values())
    assert not told["carried"].grants_for(Action.ANSWER, NOW)


async def test_an_app_role_reads_the_views_and_nothing_else_of_intakes(app):
    for table in ("identity.account", "identity.session", "identity.appointment", "intake.outbox"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"SELECT * FROM {table}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("DELETE FROM identity.unit_tree")
