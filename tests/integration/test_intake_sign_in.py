"""Signing in while strangers try: the owner's phone gets in, others are told how long to wait, and nothing piles up."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from services.intake.people import accounts, sweeps
from services.intake.people import local_sign_in as sessions
from services.intake.people.local_sign_in import _AT_ONCE, _WAITING, Logins
from services.kernel.identity.authentication import hash_token
from tests.support.intake import running_intake

PASSWORD = "mat-khau-dai"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Passwords whose check costs little: here it is the queue and the waits that are looked at."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    for module in (accounts, sessions):
        monkeypatch.setattr(module, "HASHER", hasher)


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        async with intake.service.pool.acquire() as connection:
            for name in ("an", "binh"):
                await accounts.add_account(connection, name, None, PASSWORD, intake.clock.now() - timedelta(days=1))
        yield intake


@asynccontextmanager
async def browser(intake, address="203.0.113.9"):
    """A browser of its own, with its cookies, at an address."""
    transport = httpx.ASGITransport(app=intake.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://t", trust_env=False) as client:
        yield client


async def sign_in(client, account, password=PASSWORD, **headers):
    return await client.post("/intake/login", json={"account": account, "password": password}, headers=headers)


async def test_strangers_who_try_a_name_do_not_keep_its_owner_out_of_a_known_phone(intake):
    async with browser(intake) as phone, browser(intake) as stranger:
        assert (await sign_in(phone, "an")).status_code == 204
        said = [(await sign_in(stranger, "an", f"sai {n}")).status_code for n in range(5)]
        assert said == [401, 401, 401, 401, 429]
        assert (await sign_in(stranger, "an")).status_code == 429  # not even with the right one
        assert (await sign_in(phone, "an", "nham")).status_code == 401
        assert (await sign_in(phone, "an")).status_code == 204
        async with browser(intake, "203.0.113.77") as elsewhere:  # nor out of another address, while few have tried
            assert (await sign_in(elsewhere, "an")).status_code == 204


async def test_a_known_phone_is_known_for_its_own_account_only_and_waits_for_its_own_mistakes(intake):
    async with browser(intake) as phone:
        assert (await sign_in(phone, "binh")).status_code == 204
        assert [(await sign_in(phone, "an", "sai")).status_code for _ in range(5)] == [401] * 4 + [429]
        assert [(await sign_in(phone, "binh", "sai")).status_code for _ in range(7)] == [401] * 6 + [429]
        async with browser(intake, "203.0.113.77") as elsewhere:
            assert (await sign_in(elsewhere, "binh")).status_code == 204


async def test_one_address_that_tries_many_names_waits_and_others_do_not(intake):
    async with browser(intake) as stranger, browser(intake, "203.0.113.77") as elsewhere:
        said = [(await sign_in(stranger, f"nguoi-{n}", "sai")).status_code for n in range(22)]
        assert said == [401] * 21 + [429]
        assert (await sign_in(elsewhere, "an")).status_code == 204


async def test_one_account_tried_from_many_addresses_waits(intake):
    for n in range(11):
        async with browser(intake, f"203.0.113.{n}") as stranger:
            assert (await sign_in(stranger, "an", "sai")).status_code == 401
    async with browser(intake, "203.0.113.200") as stranger:
        assert (await sign_in(stranger, "an", "sai")).status_code == 429


@pytest.mark.parametrize(
    ("language", "words", "minutes"),
    [("vi", "Hãy thử lại sau", "phút"), ("en", "Try again in", "minutes")],
)
async def test_how_long_to_wait_is_said_in_words(intake, language, words, minutes):
    keys = [("pair", "203.0.113.9 an")]
    for _ in range(11):
        intake.service.part(Logins)._patience.count(keys)
    async with browser(intake) as stranger:
        answer = await sign_in(stranger, "an", "sai", **{"accept-language": language})
    assert answer.status_code == 429 and 250 <= int(answer.headers["retry-after"]) <= 256
    assert answer.json()["detail"].endswith(f"{words} 5 {minutes}.")


async def test_a_crowd_of_strangers_is_bounded_and_a_known_phone_passes_it(intake):
    async with browser(intake) as phone, browser(intake, "203.0.113.77") as strangers:
        assert (await sign_in(phone, "an")).status_code == 204
        crowd = [asyncio.create_task(sign_in(strangers, f"nguoi-{n}", "sai")) for n in range(60)]
        while sum(task.done() for task in crowd) < 60 - _WAITING - _AT_ONCE:
            await asyncio.sleep(0)
        assert (await sign_in(phone, "an")).status_code == 204
        said = await asyncio.gather(*crowd)
    busy = [answer for answer in said if answer.status_code == 429]
    assert len(busy) >= 60 - _WAITING - _AT_ONCE
    assert all(answer.headers["retry-after"] == "5" for answer in busy if "cùng lúc" in answer.json()["detail"])


OURS = {"sec-fetch-site": "same-origin"}


async def plainly(client, path, headers=OURS, **sent):
    return await client.post(path, data=sent, headers={"accept": "text/html", **headers})


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
async def test_a_form_that_is_not_known_to_be_ours_signs_nobody_in_nor_out(intake, headers):
    async with browser(intake) as phone:
        refused = await plainly(phone, "/intake/login", headers, account="an", password=PASSWORD)
        assert refused.status_code == 403 and not phone.cookies
        assert (await sign_in(phone, "an")).status_code == 204
        assert (await plainly(phone, "/intake/logout", headers, x="")).status_code == 403
        assert (await phone.get("/intake/v1/me")).status_code == 200


async def test_without_scripts_one_signs_in_and_out(intake):
    async with browser(intake) as phone:
        entered = await plainly(phone, "/intake/login", account=" An ", password=PASSWORD, next="/intake/desk/")
        assert (entered.status_code, entered.headers["location"]) == (303, "/intake/login?next=%2Fintake%2Fdesk%2F")
        assert (await phone.get("/intake/v1/me")).json()["account"] == "an"
        left = await plainly(phone, "/intake/logout", x="")
        assert (left.status_code, left.headers["location"]) == (303, "/intake/login?signed-out=")
        assert (await phone.get("/intake/v1/me")).status_code == 401
        wrong = await plainly(phone, "/intake/login", account="an", password="sai")
        assert wrong.headers["location"].startswith("/intake/login?wrong=")


@pytest.mark.parametrize(("language", "words"), [("vi", "Hãy thử lại sau 5 phút."), ("en", "Try again in 5 minutes.")])
async def test_a_plain_form_says_how_long_to_wait_as_well(intake, language, words):
    for _ in range(11):
        intake.service.part(Logins)._patience.count([("pair", "203.0.113.9 an")])
    async with browser(intake) as stranger:
        said = await plainly(stranger, "/intake/login", account="an", password=PASSWORD)
        page = await stranger.get(said.headers["location"], headers={"accept-language": language})
    assert "often=" in said.headers["location"] and words in page.text


async def test_a_crowd_is_not_called_a_wrong_password(intake):
    async with browser(intake) as strangers:
        sent = (plainly(strangers, "/intake/login", account=f"nguoi-{n}", password="sai") for n in range(60))
        ways = [answer.headers["location"] for answer in await asyncio.gather(*sent)]
        [busy, *_] = [way for way in ways if "busy=" in way]
        assert busy.startswith("/intake/login?busy=5")
        page = await strangers.get(busy)
    assert "Đang có nhiều người đăng nhập. Hãy thử lại sau 5 giây." in page.text


async def test_sessions_and_tokens_whose_time_is_over_are_removed(intake):
    async with browser(intake) as phone:
        for _ in range(3):
            await sign_in(phone, "an")
        await intake.token("inspector", account="an", key="token")
        await intake.token("inspector", account="binh", key="kept")
        assert await intake.count("identity.session") == 5
        await intake.expire("token")
        (cookie,) = [one.value for one in phone.cookies.jar if one.name == "__Host-kycuong"]
        await intake.service.pool.execute(
            "UPDATE identity.session SET expires_at = now() WHERE token_hash = $1", hash_token(cookie)
        )
        assert await sweeps.sweep(intake.service) == 2
        assert await intake.count("identity.session") == 3
        assert (await phone.get("/intake/v1/me")).status_code == 401
    await intake.get("kept", "/intake/v1/me")
    assert await sweeps.sweep(intake.service) == 0


async def test_the_sweep_runs_by_itself(settings):
    async with running_intake(settings) as intake:
        token = await intake.token("inspector")
        await intake.expire("inspector")
        assert token
    async with running_intake(settings) as intake, asyncio.timeout(60):
        while await intake.count("identity.session"):
            await asyncio.sleep(0)
