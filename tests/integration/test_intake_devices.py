"""Phones sign what they queue: whose an item is, whoever carries it, and what of a chain never came."""

import asyncio
import base64
import json
from typing import Any

import pytest
import pytest_asyncio

from tests.support.intake import UNIT, Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.phone import Phone


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.token("inspector", account="an.kt")
        yield intake


@pytest_asyncio.fixture
async def phone(intake: Intake) -> Phone:
    """The phone of an.kt."""
    phone = Phone()
    await intake.put("an.kt", f"devices/{phone.id}", {"key": phone.public})
    return phone


async def device(intake: Intake, who: str = "reviewer") -> dict[str, Any]:
    [item] = (await intake.get(who, "/intake/v1/devices"))["items"]
    return item


async def opened(intake: Intake, phone: Phone, **changes: Any) -> str:
    inspection = fresh()
    path = f"inspections/{inspection}"
    await intake.put("an.kt", path, phone.sign(path, opening(**changes)))
    return inspection


def signed(phone: Phone, inspection: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    path = f"findings/{fresh()}"
    return path, phone.sign(path, recording(inspection, **changes))


async def filer(intake: Intake, path: str) -> str:
    return (await intake.get("reviewer", f"/intake/v1/{path}"))["filer"]


async def test_a_phone_is_registered_once_and_is_no_event(intake: Intake) -> None:
    phone, before = Phone(), len(await intake.events())
    path, body = f"devices/{phone.id}", {"key": phone.public}
    first = await intake.put("an.kt", path, body)
    assert (first.json()["state"], first.json()["unit"], "event" in first.json()) == ("registered", "-", False)
    assert (await intake.put("an.kt", path, body, 200)).content == first.content
    assert (await intake.put("an.kt", path, {"key": Phone().public}, 409)).json()["type"] == "/problems/id-reused"
    assert (await intake.put("colleague", path, body, 409)).json()["type"] == "/problems/id-reused"
    assert len(await intake.events()) == before
    wrong = await intake.put("an.kt", f"devices/{fresh()}", {"key": "AAAA"}, 422)
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/key"]


async def test_a_whole_chain_has_no_gap_and_tells_what_is_unsent(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    path = f"findings/{fresh()}"
    await intake.put("an.kt", path, phone.sign(path, recording(inspection), waiting=4))
    shown = await device(intake)
    assert (shown["device"], shown["account"], shown["last_n"], shown["waiting"]) == (phone.id, "an.kt", 2, 4)
    assert (shown["missing"], shown["missing_count"], shown["broken"], shown["forked"]) == ([], 0, [], [])


async def test_an_item_that_never_came_is_a_gap_until_it_comes(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    lost, kept = signed(phone, inspection), signed(phone, inspection, code="B01")
    await intake.put("an.kt", *kept)
    assert (await device(intake))["missing"] == [2]
    assert (await device(intake, "an.kt"))["missing_count"] == 1
    of_inspection = (await intake.get("an.kt", f"/intake/v1/inspections/{inspection}"))["devices"]
    assert [(one["account"], one["missing"]) for one in of_inspection] == [("an.kt", [2])]
    assert "devices" not in await intake.get("head", f"/intake/v1/inspections/{inspection}")
    await intake.put("an.kt", *lost)
    shown = await device(intake)
    assert (shown["missing"], shown["broken"]) == ([], [])


async def test_a_refused_item_came_and_is_no_gap(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    await intake.put("an.kt", *signed(phone, inspection, code="Z99"), 422)
    await intake.put("an.kt", *signed(phone, inspection, count=0), 422)
    await intake.put("an.kt", *signed(phone, inspection))
    assert (await device(intake))["missing_count"] == 0
    rows = await intake.service.pool.fetch("SELECT n, refused FROM intake.device_link ORDER BY n")
    assert [(row["n"], row["refused"]) for row in rows] == [(1, None), (2, "invalid"), (3, "invalid"), (4, None)]


async def test_what_is_accepted_later_was_not_refused(intake: Intake, phone: Phone) -> None:
    inspection = fresh()
    path = f"inspections/{inspection}"
    first, late = phone.sign(path, opening()), signed(phone, inspection)
    assert (await intake.put("an.kt", *late, 409)).json()["type"] == "/problems/not-yet-known"
    await intake.put("an.kt", path, first)
    await intake.put("an.kt", *late)
    assert not await intake.service.pool.fetch("SELECT FROM intake.device_link WHERE refused IS NOT NULL")


async def test_a_chain_that_was_rewritten_is_a_fork(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    n, prev = phone.n, phone.prev
    await intake.put("an.kt", *signed(phone, inspection))
    phone.n, phone.prev = n, prev
    await intake.put("an.kt", *signed(phone, inspection, code="B01"))
    assert (await device(intake))["forked"] == [2]


async def test_a_link_that_does_not_fit_is_told(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    phone.prev = "A" * 43 + "="
    await intake.put("an.kt", *signed(phone, inspection))
    path, body = signed(phone, inspection)
    await intake.put("an.kt", path, body | {"count": 9})  # altered on the phone itself: its own user still says it
    assert (await device(intake))["broken"] == [2, 3]


async def test_whoever_carries_it_a_signed_item_is_its_signers(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    path, body = signed(phone, inspection)
    first = await intake.put("elsewhere", path, body)  # neither in the team nor in scope
    assert await filer(intake, path) == "an.kt"
    assert (await intake.put("an.kt", path, body, 200)).content == first.content
    assert (await intake.put("elsewhere", path, body, 200)).content == first.content
    carriers = await intake.service.pool.fetch("SELECT carrier FROM intake.device_link ORDER BY n")
    assert [row["carrier"] for row in carriers] == [None, "inspector-xa-phu-lam"]
    own = fresh()
    await intake.put("an.kt", f"findings/{own}", recording(inspection))
    ref = {event["id"]: event["data"]["by"] for event in await intake.events()}
    assert ref[path.split("/")[1]] == ref[own]


async def test_sent_by_both_at_once_it_counts_once(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    path, body = signed(phone, inspection)
    answers = await asyncio.gather(*(intake.put(who, path, body, None) for who in ("an.kt", "colleague") * 4))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1


async def test_a_carrier_alters_nothing(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    path, body = signed(phone, inspection, code="A03", private={"narrative": "Vắng cả buổi"})
    for altered in (body | {"private": {"narrative": "Vắng một lúc"}}, body | {"count": 1}):
        refused = await intake.put("colleague", path, altered, 422)
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/device/sig"]
    await intake.put("head", path, body, 403)  # carries nothing for anybody
    await intake.put("colleague", path, body)
    assert await filer(intake, path) == "an.kt"


async def test_the_signers_rights_decide_not_the_carriers(intake: Intake) -> None:
    await intake.token("inspector", "xa-phu-lam", account="xa.kt")
    phone = Phone()
    await intake.put("xa.kt", f"devices/{phone.id}", {"key": phone.public})
    path = f"inspections/{fresh()}"
    await intake.put("lead", path, phone.sign(path, opening(UNIT)), 404)
    await intake.service.pool.execute("UPDATE identity.account SET disabled_at = now() WHERE account = 'xa.kt'")
    path = f"inspections/{fresh()}"
    await intake.put("lead", path, phone.sign(path, opening("xa-phu-lam")), 403)


async def test_an_unknown_phone_changes_nothing(intake: Intake) -> None:
    phone, inspection = Phone(), fresh()
    path = f"inspections/{inspection}"
    await intake.put("an.kt", path, phone.sign(path, opening()))
    assert (await intake.get("an.kt", f"/intake/v1/{path}"))["opener"] == "an.kt"
    assert (await intake.get("reviewer", "/intake/v1/devices"))["items"] == []


async def test_who_sees_which_phones(intake: Intake, phone: Phone) -> None:
    other = Phone()
    await intake.put("colleague", f"devices/{other.id}", {"key": other.public})
    await opened(intake, phone, team=["colleague"])
    seen = {
        who: {one["account"] for one in (await intake.get(who, "/intake/v1/devices"))["items"]}
        for who in ("an.kt", "colleague", "lead", "reviewer", "auditor", "admin", "elsewhere")
    }
    both = {"an.kt", "colleague"}
    assert seen == {"an.kt": {"an.kt"}, "colleague": {"colleague"}, "elsewhere": set()} | dict.fromkeys(
        ("lead", "reviewer", "auditor", "admin"), both
    )
    first = await intake.get("reviewer", "/intake/v1/devices?limit=1")
    rest = await intake.get("reviewer", f"/intake/v1/devices?limit=1&cursor={first['next']}")
    assert {first["items"][0]["account"], rest["items"][0]["account"]} == both and rest["next"] is None
    for asked, found in (
        ("q=AN.k", {"an.kt"}),
        ("q=lleag", {"colleague"}),
        ("q=none", set()),
        ("filed=true", {"an.kt"}),
    ):
        items = (await intake.get("reviewer", f"/intake/v1/devices?{asked}"))["items"]
        assert {one["account"] for one in items} == found, asked


async def test_a_huge_number_is_one_gap_and_costs_nothing(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    phone.n = 2**52
    await intake.put("an.kt", *signed(phone, inspection))
    shown = await device(intake)
    assert shown["missing"] == list(range(2, 102)) and shown["missing_count"] == 2**52 - 1


async def test_in_a_batch_chain_and_credit_are_the_same(intake: Intake, phone: Phone) -> None:
    inspection = fresh()
    path = f"inspections/{inspection}"
    lines = [(path, phone.sign(path, opening()))]
    lines += [signed(phone, inspection, code=code) for code in ("A01", "B01", "Z99")]
    close = f"inspections/{inspection}/closing/{fresh()}"
    lines.append((close, phone.sign(close, closing())))
    statuses = [line["status"] for line in await intake.batch("colleague", lines)]
    assert statuses == [201, 201, 201, 422, 201]
    assert (await intake.get("reviewer", f"/intake/v1/inspections/{inspection}"))["opener"] == "an.kt"
    shown = await device(intake)
    assert (shown["last_n"], shown["missing_count"], shown["broken"]) == (5, 0, [])


async def test_a_phone_may_register_in_the_batch_that_it_signs(intake: Intake) -> None:
    phone, path = Phone(), f"inspections/{fresh()}"
    lines = [(f"devices/{phone.id}", {"key": phone.public}), (path, phone.sign(path, opening()))]
    assert [line["status"] for line in await intake.batch("an.kt", lines)] == [201, 201]
    assert [line["status"] for line in await intake.batch("an.kt", lines)] == [200, 200]
    shown = await device(intake)
    assert (shown["last_n"], shown["missing_count"]) == (1, 0)


@pytest.mark.parametrize("nonce", [None, "c2hvcnQ=", "?"])
async def test_without_a_nonce_it_is_the_signers_and_no_link_is_kept(
    intake: Intake, phone: Phone, nonce: str | None
) -> None:
    path = f"inspections/{fresh()}"
    await intake.put("colleague", path, phone.sign(path, opening(), nonce=nonce))
    assert (await intake.get("reviewer", f"/intake/v1/{path}"))["opener"] == "an.kt"
    assert await intake.count("intake.device_link") == 0


async def test_nothing_of_a_sealed_part_stands_in_the_chain(intake: Intake, phone: Phone) -> None:
    inspection = await opened(intake, phone)
    path, body = signed(phone, inspection, code="A03", private={"narrative": "CANARY-chain"})
    await intake.put("an.kt", path, body)
    rows = [dict(row) for row in await intake.service.pool.fetch("SELECT * FROM intake.device_link")]
    told = json.dumps(rows, default=str)
    nonce = body["device"]["nonce"]
    assert "CANARY" not in told and nonce not in told and base64.b64decode(nonce).hex() not in told


@pytest.mark.parametrize("waiting", [-1, 1.5, True, 2**31])
async def test_a_wrong_waiting_is_named(intake: Intake, phone: Phone, waiting: Any) -> None:
    path = f"inspections/{fresh()}"
    body = phone.sign(path, opening())
    body["device"]["waiting"] = waiting
    refused = await intake.put("an.kt", path, body, 422)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/device/waiting"]
