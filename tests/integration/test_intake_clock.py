"""What the machine's clock decides for good waits while the clock cannot be believed."""

from datetime import UTC, datetime, timedelta

from services.intake.cases import deadlines as lapses
from services.intake.replay.opening import finish
from services.kernel.process.clock import CONFIRM, SystemClock
from services.kernel.quarters import rfc3339
from tests.integration.test_intake_deadlines import DUE, LAPSED, Log, case
from tests.support.intake import NOW, closing, fresh, opening, populate, recording, running_intake

DAY = timedelta(days=1)
OFFICIAL = {"edition": "official"}


def machine(hands):
    return SystemClock(hands.now, hands.ticks)


def wait(intake, span):
    """Time passes by the steady clock, and the clock is looked at now and then."""
    for _ in range(span // timedelta(minutes=1)):
        intake.clock.set(intake.clock.now() + timedelta(minutes=1))
        intake.service.clock.now()


async def lapsed(intake):
    await lapses.look(intake.service)
    return [event["data"]["finding"] for event in await intake.events() if event["type"] == LAPSED]


async def readiness(intake):
    ready = await intake.client.get("/intake/readyz")
    assert ready.status_code == 200
    return ready.json().get("clock")


async def test_a_clock_40_days_ahead_for_8_seconds_lapses_nothing_and_changes_nothing(settings, caplog):
    async with running_intake(settings, machine=machine) as intake:
        await populate(intake)
        inspection, finding = await case(intake)
        await Log(intake).cover()
        intake.clock.turn(NOW + 40 * DAY)
        assert await lapsed(intake) == []
        assert "nhảy 40 days" in (await readiness(intake))["vi"] and "it jumped" in caplog.text
        told = (await intake.put("inspector", f"findings/{fresh()}", recording(inspection))).json()
        assert told["received_at"] == rfc3339(NOW) and told["flags"] == []
        early = await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", OFFICIAL, 409)
        assert early.json()["type"] == "/problems/too-early"
        intake.clock.set(intake.clock.now() + timedelta(seconds=8))
        assert await lapsed(intake) == []
        intake.clock.turn(intake.clock.now() - 40 * DAY)
        assert await lapsed(intake) == [] and await readiness(intake) is None
        intake.clock.turn(NOW + 40 * DAY)
        await lapsed(intake)
        wait(intake, CONFIRM)
        assert finding in await lapsed(intake) and await readiness(intake) is None


async def test_a_phone_is_not_blamed_for_the_servers_clock(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        inspection = fresh()
        await intake.put("inspector", f"inspections/{inspection}", opening())
    for start in (NOW - 365 * DAY, datetime(2000, 1, 1, tzinfo=UTC)):
        async with running_intake(settings, start, machine) as behind:
            await behind.token("inspector")
            told = await behind.put("inspector", f"findings/{fresh()}", recording(inspection), 503)
            assert int(told.headers["retry-after"]) >= 1 and "Đồng hồ máy chủ" in told.json()["detail"]
            assert (await readiness(behind))["en"].startswith("it says")


async def test_a_deadline_given_by_a_clock_before_the_log_counts_from_the_log(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        inspection = fresh()
        await intake.put("inspector", f"inspections/{inspection}", opening(opened_at="2026-08-24T07:30:00+07:00"))
    async with running_intake(settings, NOW - 7 * DAY, machine) as behind:
        await behind.token("inspector")
        end = closing(closed_at="2026-08-24T07:58:00+07:00")
        told = await behind.put("inspector", f"inspections/{inspection}/closing/{fresh()}", end)
        assert told.json()["reply_due"] == rfc3339(DUE)


async def test_an_installation_that_was_off_for_three_weeks_goes_on_by_itself(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        _, finding = await case(intake)
        await Log(intake).cover()
    back = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    async with running_intake(settings, back, machine) as intake:
        await intake.token("reviewer")
        await finish(intake.service)  # a database with receipts waits for the log, which has nothing new
        assert await lapsed(intake) == []
        told = await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", OFFICIAL, 503)
        assert told.headers["retry-after"] and "đồng hồ" in told.json()["detail"].lower()
        wait(intake, CONFIRM)
        assert await lapsed(intake) == [finding]
        await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", OFFICIAL)
