"""Deadlines that near and pass are told of, each once: to the unit, the unit above, the Department."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.domain.calendar import end_of
from services.intake.cases import deadlines, reminders
from services.kernel.envelope import derived_id
from services.kernel.process.settings import Settings
from services.kernel.quarters import local_date
from tests.support.intake import UNIT, Intake, closing, fresh, opening, populate, recording, register, running_intake
from tests.support.schemas import validate_event

REMINDED, LAPSED, ESCALATED = reminders.REMINDED["reply"], deadlines.TYPE, reminders.ESCALATED  # type: ignore[index]
REASON = {"private": {"reason": "Theo hồ sơ."}}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


def local(text: str) -> datetime:
    """An instant of Viet Nam's clock."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


async def case(intake: Intake, opened: str = "2026-09-01T07:30:00", code: str = "A03") -> str:
    """A finding of a closed inspection, told to its unit and known to the log."""
    intake.clock.set(local(opened) + timedelta(minutes=30))
    inspection, finding, then = fresh(), fresh(), f"{opened}+07:00"
    await intake.put("inspector", f"inspections/{inspection}", opening(opened_at=then))
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code=code, captured_at=then))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing(closed_at=then))
    await logged(intake)
    return finding


async def logged(intake: Intake) -> None:
    """Say that the log has what opened the deadlines: no log runs here."""
    await intake.service.pool.execute("UPDATE intake.deadline SET lapse_after = due WHERE lapse_after IS NULL")


async def told(intake: Intake, at: str) -> list[tuple[str, str]]:
    """What is told for the first time as the clock stands at `at`: the kinds, and for what."""
    before = len(await intake.events())
    intake.clock.set(local(at))
    await deadlines.look(intake.service)
    new = (await intake.event_bytes())[before:]
    events = [validate_event(raw) for raw in new]
    return [(event["type"].split(".")[2], event["data"].get("to", "")) for event in events]


async def test_each_step_is_told_once_and_on_its_day(intake: Intake) -> None:
    finding = await case(intake)  # due at the end of 9 September
    assert await told(intake, "2026-09-07T06:59:00") == []
    assert await told(intake, "2026-09-07T07:00:00") == [("reminded", "")]
    assert await told(intake, "2026-09-08T08:00:00") == []
    assert await told(intake, "2026-09-10T00:00:00") == [("lapsed", ""), ("escalated", "parent")]
    assert await told(intake, "2026-09-14T23:59:00") == []
    assert await told(intake, "2026-09-15T00:00:00") == [("escalated", "department")]
    assert await told(intake, "2026-12-01T08:00:00") == []
    events = [event for event in await intake.events() if event["subject"] == f"finding/{finding}"]
    due = "2026-09-09T16:59:59.999Z"
    [reminded] = [event for event in events if event["type"] == REMINDED]
    assert (reminded["id"], reminded["time"]) == (derived_id(finding, REMINDED, 1), "2026-09-07T00:00:00.000Z")
    assert (reminded["data"]["due"], reminded["data"]["n"], reminded["data"]["by"]) == (due, 1, {"role": "system"})
    above = [event for event in events if event["type"] == ESCALATED]
    assert [event["id"] for event in above] == [derived_id(finding, ESCALATED, n) for n in (1, 2)]
    assert [event["time"] for event in above] == [due, "2026-09-14T16:59:59.999Z"]
    assert {(event["data"]["of"], event["data"]["due"]) for event in above} == {("reply", due)}
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    types = [step["type"].removeprefix("kycuong.").removesuffix(".v1") for step in shown["history"]]
    assert types == [
        "finding.recorded", "finding.reminded", "finding.lapsed", "finding.escalated", "finding.escalated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opened", "due", "reminded", "department"),
    [
        # before Tết 2026 (14–22 February off)
        ("2026-02-09T08:00:00", "2026-02-23", "2026-02-12", "2026-02-27"),
        # Saturday 22 August was worked, 31 August off
        ("2026-08-20T08:00:00", "2026-08-26", "2026-08-24", "2026-09-04"),
        # Saturday 10 January was worked
        ("2026-01-08T08:00:00", "2026-01-14", "2026-01-12", "2026-01-20"),
    ],
)
async def test_days_are_counted_across_tet_and_worked_saturdays(
    intake: Intake, opened: str, due: str, reminded: str, department: str
) -> None:
    intake.clock.set(local(opened))
    finding = await case(intake, opened)
    shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert local_date(datetime.fromisoformat(shown["reply_due"])).isoformat() == due
    day = local_date(local(opened))
    seen: dict[str, str] = {}
    while len(seen) < 4 and day.year == 2026 and day < local_date(local("2026-11-01T00:00:00")):
        day += timedelta(days=1)
        for kind, to in await told(intake, f"{day.isoformat()}T08:00:00"):
            assert seen.setdefault(f"{kind} {to}".strip(), day.isoformat()) == day.isoformat()
    after = local_date(local(f"{due}T12:00:00") + timedelta(days=1)).isoformat()
    assert seen == {
        "reminded": reminded, "lapsed": after, "escalated parent": after, "escalated department": department,
    }  # fmt: skip


async def test_what_is_answered_is_not_reminded_of_and_what_is_decided_not_escalated(intake: Intake) -> None:
    answered, late = await case(intake), await case(intake)
    await intake.put("head", f"findings/{answered}/reply/{fresh()}", {"accepts": False})
    assert await told(intake, "2026-09-08T08:00:00") == [("reminded", "")]
    assert await told(intake, "2026-09-10T08:00:00") == [("lapsed", ""), ("escalated", "parent")]
    await intake.put("reviewer", f"findings/{late}/decision/{fresh()}", {"outcome": "excused", **REASON})
    assert await told(intake, "2026-09-20T08:00:00") == []


async def test_what_was_missed_while_the_service_was_down_is_told_at_once_and_no_reminder_after_the_day(
    intake: Intake,
) -> None:
    await case(intake)
    assert await told(intake, "2026-09-20T08:00:00") == [
        ("lapsed", ""), ("escalated", "parent"), ("escalated", "department"),
    ]  # fmt: skip


async def test_after_a_merger_it_is_the_unit_above_the_heir_that_counts(intake: Intake) -> None:
    """The unit passes into one that stands under nobody: there is only the Department to tell."""
    await case(intake)
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-moi", parent=None, valid_from="2026-09-01"))
    merge = {"kind": "merge", "from": [UNIT], "to": ["xa-moi"], "valid_from": "2026-09-05", "basis": "NQ 202/2025/QH15"}
    await intake.put("admin", f"unit-changes/{fresh()}", {"change": "succeed"} | merge)
    assert await told(intake, "2026-09-08T08:00:00") == [("reminded", "")]
    assert await told(intake, "2026-09-10T08:00:00") == [("lapsed", "")]
    assert await told(intake, "2026-09-15T08:00:00") == [("escalated", "department")]


async def test_nothing_is_told_of_a_voided_or_a_kept_one(intake: Intake) -> None:
    kept, voided = await case(intake, code="C04"), await case(intake)
    inspection = (await intake.get("reviewer", f"/intake/v1/findings/{voided}"))["inspection"]
    await intake.put("lead", f"inspections/{inspection}/voiding/{fresh()}", REASON)
    for day in ("08", "10", "20"):
        assert await told(intake, f"2026-09-{day}T08:00:00") == []
    assert (await intake.get("reviewer", f"/intake/v1/findings/{kept}"))["state"] == "recorded"


async def test_a_remedy_is_reminded_of_too(intake: Intake) -> None:
    finding = await case(intake, code="A01")
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": True})
    due = await intake.service.pool.fetchrow("SELECT kind, due FROM intake.deadline WHERE state = 'open'")
    calendar = await intake.service.calendar(intake.service.pool)  # type: ignore[arg-type]
    assert (due["kind"], due["due"]) == (
        "remedy",
        end_of(calendar.add_working_days(local_date(local("2026-09-01T08:00:00")), 15)),
    )
    assert await told(intake, "2026-09-20T08:00:00") == []
    assert await told(intake, "2026-09-21T08:00:00") == [("reminded", "")]
    assert [event["type"] for event in await intake.events()][-1] == "kycuong.remedy.reminded.v1"


async def test_many_at_once_are_told_in_order_and_each_once(intake: Intake, monkeypatch: Any) -> None:
    monkeypatch.setattr(reminders, "_AT_ONCE", 7)
    findings = {await case(intake) for _ in range(10)}
    assert await told(intake, "2026-09-08T08:00:00") == [("reminded", "")] * 10
    await told(intake, "2026-09-20T08:00:00")
    events = await intake.events()
    for kind, n in ((REMINDED, 10), (LAPSED, 10), (ESCALATED, 20)):
        ids = [event["id"] for event in events if event["type"] == kind]
        assert len(ids) == len(set(ids)) == n
    assert {event["data"]["finding"] for event in events if event["type"] == ESCALATED} == findings
    numbers = [event["unitseq"] for event in events if event["unit"] == UNIT]
    assert numbers == list(range(1, len(numbers) + 1))
