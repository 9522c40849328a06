"""Deadlines that lapse, receipts that come back, and a log that knows more than the database."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from services.intake.cases import deadlines as lapses
from services.intake.replay import receipts
from services.intake.replay.opening import finish
from services.kernel.envelope import derived_id, event_bytes, read_envelope
from services.kernel.feed.entries import Covered, Refusal
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from tests.support.intake import UNIT, closing, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event

DUE = datetime(2026, 9, 9, 16, 59, 59, 999_000, tzinfo=UTC)
LAPSED = "kycuong.finding.lapsed.v1"


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


class Log:
    """What the log would hand back: the outbox's events in order."""

    def __init__(self, intake):
        self.intake, self.range = intake, CompactRange()

    async def cover(self, entries=None):
        """Take in the entries (all that wait); whether intake accepted them."""
        entries = await self.intake.event_bytes() if entries is None else entries
        first = self.range.size
        self.range.extend(leaf_hash(entry) for entry in entries)
        checkpoint = Checkpoint("origin", self.range.size, self.range.root())
        covered = Covered(first, entries, [None] * len(entries), checkpoint, self.range.copy())
        return await receipts.take_in(self.intake.service, covered)


async def case(intake, **changes):
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection, **changes))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return inspection, finding


async def lapse_at(intake, instant):
    intake.clock.set(instant)
    await lapses.emit(intake.service, instant)
    return [event for event in await intake.events() if event["type"] == LAPSED]


async def test_a_deadline_lapses_once_it_has_passed_and_the_log_has_told(intake):
    inspection, finding = await case(intake)
    assert await lapse_at(intake, DUE + timedelta(days=30)) == []  # nobody could have seen it yet
    intake.clock.set(DUE - timedelta(days=7))
    await Log(intake).cover()
    assert await lapse_at(intake, DUE) == []
    (event,) = await lapse_at(intake, DUE + timedelta(milliseconds=1))
    assert event["id"] == derived_id(finding, LAPSED, 1)
    assert event["data"] == {
        "by": {"role": "system"},
        "finding": finding,
        "inspection": inspection,
        "due": "2026-09-09T16:59:59.999Z",
    }
    assert event["time"] == "2026-09-09T16:59:59.999Z"
    validate_event((await intake.event_bytes())[-1])
    assert len(await lapse_at(intake, DUE + timedelta(days=1))) == 1
    reply = {"accepts": True}
    assert (await intake.put("head", f"findings/{finding}/reply/{fresh()}", reply, 409)).json()[
        "type"
    ] == "/problems/wrong-state"
    upheld = {"outcome": "upheld", "private": {"reason": "Đủ."}}
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", upheld)


async def test_a_late_receipt_gives_the_unit_its_whole_period(intake):
    await case(intake)
    intake.clock.set(DUE)  # a Wednesday; the log was away until now
    await Log(intake).cover()
    assert await lapse_at(intake, datetime(2026, 9, 16, 16, 59, tzinfo=UTC)) == []
    assert len(await lapse_at(intake, datetime(2026, 9, 16, 17, 0, tzinfo=UTC))) == 1


async def test_a_finding_after_the_closing_has_its_own_deadline(intake):
    inspection, first = await case(intake)
    intake.clock.set(DUE - timedelta(days=1))
    later = fresh()
    await intake.put("inspector", f"findings/{later}", recording(inspection))
    await Log(intake).cover()
    events = await lapse_at(intake, DUE + timedelta(days=30))
    assert {event["data"]["finding"]: event["data"]["due"] for event in events} == {
        first: "2026-09-09T16:59:59.999Z",
        later: "2026-09-15T16:59:59.999Z",
    }


async def test_what_is_answered_or_not_for_the_unit_does_not_lapse(intake):
    _, replied = await case(intake)
    await intake.put("head", f"findings/{replied}/reply/{fresh()}", {"accepts": False})
    for code in ("C04", "K00", "K04"):
        await case(intake, code=code, count=1)
    _, withdrawn = await case(intake)
    await intake.put("inspector", f"findings/{withdrawn}/withdrawal/{fresh()}", {"private": {"reason": "Nhầm."}})
    open_inspection = fresh()
    await intake.put("inspector", f"inspections/{open_inspection}", opening())
    await intake.put("inspector", f"findings/{fresh()}", recording(open_inspection))
    await Log(intake).cover()
    assert await lapse_at(intake, DUE + timedelta(days=60)) == []


async def test_receipts_empty_the_outbox_once(intake):
    await case(intake)
    log = Log(intake)
    entries = await intake.event_bytes()
    assert await log.cover()
    assert await intake.count("intake.outbox") == 0
    position = await intake.service.pool.fetchrow("SELECT size, peaks FROM intake.log_position")
    assert CompactRange(position["size"], position["peaks"]).root() == log.range.root()
    assert not await Log(intake).cover(entries)  # another process was first
    assert intake.service.standing.open


async def test_a_refused_event_is_marked_and_alarms(intake, caplog):
    await case(intake)
    event = read_envelope((await intake.event_bytes())[-1])
    await receipts.note_refusal(intake.service, Refusal(event.id, event.unit, event.unitseq, "conflict"))
    assert (
        await intake.service.pool.fetchval("SELECT refused FROM intake.outbox WHERE event_id = $1", event.id)
        == "conflict"
    )
    assert any("refused event" in record.message for record in caplog.records)


async def test_what_is_sent_again_under_another_number_is_new_to_the_relay(intake):
    """It has just sent the row that was refused, and repeats a row only after half a minute, then after a whole one."""
    await case(intake)
    pool, newest = intake.service.pool, "SELECT id, event_id, unitseq FROM intake.outbox ORDER BY id DESC LIMIT 1"
    sent = await pool.fetchrow(newest)
    await receipts.note_refusal(intake.service, Refusal(str(sent["event_id"]), UNIT, sent["unitseq"], "stale"))
    assert not intake.service.standing.open
    await finish(intake.service)
    again = await pool.fetchrow(newest)
    assert again["event_id"] == sent["event_id"] and again["unitseq"] == sent["unitseq"] + 1
    assert again["id"] > sent["id"] and intake.service.standing.open


async def test_a_database_behind_the_log_takes_no_writes(intake, caplog):
    inspection, _ = await case(intake)
    last = read_envelope((await intake.event_bytes())[-1])
    unknown = event_bytes(
        id=fresh(),
        type="kycuong.inspection.acknowledged.v1",
        source=intake.service.settings.source,
        subject=f"inspection/{inspection}",
        time=intake.clock.now(),
        unit=UNIT,
        unitseq=last.unitseq + 1,
        data={"by": {"role": "unit_head", "ref": "9f2e6d33a3717ee826353a404ba4618d"}, "inspection": inspection},
    )
    await Log(intake).cover([*await intake.event_bytes(), unknown])
    answer = await intake.put("inspector", f"findings/{fresh()}", recording(inspection), 503)
    assert answer.json()["type"] == "/problems/unavailable" and int(answer.headers["retry-after"]) >= 1
    ready = await intake.client.get("/intake/readyz")
    assert ready.status_code == 503 and "restored from an older backup" in ready.json()["detail"]["en"]
    assert (await intake.get("lead", f"/intake/v1/inspections/{inspection}"))[
        "acknowledged"
    ]  # what the log tells stands
    assert any("behind the log" in record.message for record in caplog.records)
