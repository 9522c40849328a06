"""A quarter is cut not before its days, each edition once, and published by naming the cut and its root."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from services.kernel.process.settings import Settings
from tests.support.intake import Intake, fresh, populate, running_intake

QUARTER = "2026-Q3"
ROOT, OTHER = (base64.b64encode(bytes([n] * 32)).decode() for n in (1, 2))


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


def local(text: str) -> datetime:
    """An instant of Viet Nam's clock."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


async def close(intake: Intake, edition: str, status: int = 201, quarter: str = QUARTER) -> httpx.Response:
    closing = fresh()
    return await intake.put("reviewer", f"quarters/{quarter}/closing/{closing}", {"edition": edition}, status)


async def publish(
    intake: Intake, closing: str, root: str = ROOT, status: int = 201, quarter: str = QUARTER, who: str = "reviewer"
) -> httpx.Response:
    body = {"closing": closing, "cards_root": root}
    return await intake.put(who, f"quarters/{quarter}/publication/{fresh()}", body, status)


@pytest.mark.parametrize(
    ("edition", "too_early", "first"),
    [
        ("flash", "2026-09-29T23:59:59", "2026-09-30T00:00:00"),
        ("official", "2026-10-14T23:59:59", "2026-10-15T00:00:00"),
    ],
)
async def test_an_edition_has_its_first_day(intake: Intake, edition: str, too_early: str, first: str) -> None:
    before = await intake.rows()
    for moment in ("2026-05-01T08:00:00", "2026-09-01T08:00:00", too_early):
        intake.clock.set(local(moment))
        refused = (await close(intake, edition, 409)).json()
        assert refused["type"] == "/problems/too-early"
        assert f"{datetime.fromisoformat(first):%d/%m/%Y}" in refused["detail"]
        assert "của Quý III/2026." in refused["detail"]  # as people read it, not as the wire writes it
    assert await intake.rows() == before
    intake.clock.set(local(first))
    closed = (await close(intake, edition)).json()
    assert json.loads(base64.b64decode(closed["event"]))["data"]["cards"] == "card-json/2"


@pytest.mark.parametrize(("quarter", "first"), [("2026-Q4", "15/01/2027"), ("2028-Q1", "15/04/2028")])
async def test_the_day_is_counted_over_the_years_end(intake: Intake, quarter: str, first: str) -> None:
    assert first in (await close(intake, "official", 409, quarter)).json()["detail"]


async def test_each_edition_is_closed_once_and_none_after_the_official_one(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    await close(intake, "flash")
    again = (await close(intake, "flash", 409)).json()
    assert again["type"] == "/problems/already-closed"
    assert again["detail"].startswith("Quý III/2026 đã được chốt")
    await close(intake, "official")
    for edition in ("flash", "official"):
        assert (await close(intake, edition, 409)).json()["type"] == "/problems/already-closed"
    await close(intake, "flash", quarter="2026-Q2")
    await close(intake, "official", quarter="2026-Q1")
    assert (await close(intake, "flash", 409, quarter="2026-Q1")).json()["type"] == "/problems/already-closed"


async def test_a_repeat_of_a_closing_gets_its_first_answer(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    path = f"quarters/{QUARTER}/closing/{fresh()}"
    first = await intake.put("reviewer", path, {"edition": "official"})
    again = await intake.put("reviewer", path, {"edition": "official"}, 200)
    assert again.content == first.content


async def test_a_cut_is_published_as_it_was_read(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    closing = (await close(intake, "official")).json()["id"]
    answer = (await publish(intake, closing)).json()
    assert (answer["unit"], answer["state"], answer["edition"]) == ("-", "published", "official")
    event = json.loads(base64.b64decode(answer["event"]))
    assert (event["type"], event["subject"], event["unit"]) == (
        "kycuong.quarter.published.v1", f"quarter/{QUARTER}", "-",
    )  # fmt: skip
    by = event["data"].pop("by")
    assert by["role"] == "reviewer"
    assert event["data"] == {"quarter": QUARTER, "edition": "official", "closing": closing, "cards_root": ROOT}
    barriers = await intake.service.pool.fetch("SELECT event_id::text FROM intake.outbox WHERE barrier")
    assert {row["event_id"] for row in barriers} == {closing, answer["id"]}


async def test_nothing_else_is_published(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))

    async def refused(closing: str, quarter: str = QUARTER) -> None:
        before = await intake.rows()
        problem = (await publish(intake, closing, status=409, quarter=quarter)).json()
        assert problem["type"] == "/problems/wrong-state" and "chốt" in problem["detail"]
        assert await intake.rows() == before

    await refused(fresh())  # before any closing
    closing = (await close(intake, "official")).json()["id"]
    await refused(fresh())  # of another closing
    await refused(closing, "2026-Q2")  # of another quarter's
    await publish(intake, closing)
    problem = (await publish(intake, closing, status=409)).json()  # a second time
    assert problem["type"] == "/problems/wrong-state" and "đã được công bố" in problem["detail"]


async def test_after_a_wrong_root_another_publication_is_taken(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    closing = (await close(intake, "official")).json()["id"]
    await publish(intake, closing, OTHER)
    await publish(intake, closing, ROOT)
    for root in (OTHER, ROOT):
        await publish(intake, closing, root, 409)


async def test_flash_and_official_are_published_apart(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    flash, official = [(await close(intake, edition)).json()["id"] for edition in ("flash", "official")]
    assert (await publish(intake, official)).json()["edition"] == "official"
    assert (await publish(intake, flash)).json()["edition"] == "flash"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"cards_root": "AAAA"}, "/cards_root"),
        ({"cards_root": ROOT[:-1]}, "/cards_root"),
        ({"cards_root": ROOT.replace("=", "") + "-"}, "/cards_root"),
        ({"cards_root": "0" * 64}, "/cards_root"),
        ({"cards_root": ROOT[:-2] + chr(ord(ROOT[-2]) + 1) + "="}, "/cards_root"),  # the same bytes, spelt otherwise
        ({"cards_root": None}, "/cards_root"),
        ({"closing": "official"}, "/closing"),
        ({"closing": 7}, "/closing"),
        ({"edition": "official"}, "/edition"),
    ],
)
async def test_a_publication_of_another_shape_is_named(
    intake: Intake, changes: dict[str, object], pointer: str
) -> None:
    body = {"closing": fresh(), "cards_root": ROOT} | changes
    answer = await intake.put("reviewer", f"quarters/{QUARTER}/publication/{fresh()}", body, 422)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_only_a_reviewer_of_the_province_closes_and_publishes(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    closing = (await close(intake, "official")).json()["id"]
    await intake.token("reviewer", "xa-phu-lam", key="reviewer of one")
    for who in ("reviewer of one", "lead", "head", "auditor", "admin", "inspector"):
        await publish(intake, closing, status=403, who=who)
        path = f"quarters/2026-Q2/closing/{fresh()}"
        await intake.put(who, path, {"edition": "official"}, 403)


async def test_the_story_of_a_demo_does_not_shorten_the_days(intake: Intake) -> None:
    """A load sets the clock that writes are judged by; without its leave nobody does."""
    line = [(f"quarters/{QUARTER}/closing/{fresh()}", {"edition": "official"})]
    intake.clock.set(local("2026-09-30T08:00:00"))
    assert [one["status"] for one in await intake.batch("reviewer", line)] == [409]
    intake.service.settings.folder.begin_load("{}")
    late = (local("2026-10-15T08:00:00") + timedelta(hours=1)).isoformat()
    assert [one["status"] for one in await intake.batch("reviewer", line, **{"x-kycuong-clock": late})] == [201]


async def restate(intake: Intake, status: int = 201, who: str = "reviewer", quarter: str = QUARTER) -> httpx.Response:
    body = {"private": {"reason": "Bổ sung kết luận phúc tra."}}
    return await intake.put(who, f"quarters/{quarter}/restatement/{fresh()}", body, status)


async def test_a_restatement_is_a_further_cut_numbered_after_the_official_one(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    await close(intake, "flash")
    early = (await restate(intake, 409)).json()
    assert early["type"] == "/problems/wrong-state"
    await close(intake, "official")
    for n in (1, 2):
        cut = (await restate(intake)).json()
        assert (cut["state"], cut["n"], cut["edition"], cut["unit"]) == ("restated", n, f"restated-{n}", "-")
        data = json.loads(base64.b64decode(cut["event"]))["data"]
        told = {name: value for name, value in data.items() if name not in ("by", "commitments")}
        assert told == {"quarter": QUARTER, "n": n, "cards": "card-json/2"}
        published = (await publish(intake, cut["id"])).json()
        assert published["edition"] == f"restated-{n}"
        assert (await publish(intake, cut["id"], status=409)).json()["type"] == "/problems/wrong-state"
    rows = await intake.service.pool.fetch("SELECT bytes FROM intake.outbox WHERE barrier ORDER BY id")
    assert [json.loads(row["bytes"])["type"].split(".")[2] for row in rows[-4:]] == ["restated", "published"] * 2


async def test_a_restatement_has_its_reason_and_its_reviewer_of_the_province(intake: Intake) -> None:
    intake.clock.set(local("2026-10-20T08:00:00"))
    await close(intake, "official")
    await intake.token("reviewer", "xa-tan-hoa", key="reviewer-there")
    await restate(intake, 403, "reviewer-there")
    await restate(intake, 403, "admin")
    path = f"quarters/{QUARTER}/restatement/{fresh()}"
    for body in ({}, {"private": {}}, {"private": {"reason": " "}}):
        refused = (await intake.put("reviewer", path, body, 422)).json()
        assert [error["pointer"] for error in refused["errors"]] == ["/private/reason"]
    await restate(intake, 422, quarter="2026-Q9")
    first = await intake.put("reviewer", path, {"private": {"reason": "Có kết luận mới."}})
    again = await intake.put("reviewer", path, {"private": {"reason": "Có kết luận mới."}}, 200)
    assert again.content == first.content
