"""A unit asks for a later deadline: what is taken, what is refused, and that no clock stops for it."""

from datetime import timedelta

import pytest
import pytest_asyncio

from tests.support.intake import NOW, closing, fresh, opening, populate, recording, running_intake

ASKED = {"of": "reply", "until": "2026-09-15", "private": {"reason": "Cán bộ phụ trách đi công tác."}}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def finding(intake):
    """In a closed inspection, so that its reply period runs."""
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return finding


async def test_it_is_an_event_of_its_own_and_moves_no_deadline(intake, finding):
    before = await intake.get("head", f"/intake/v1/findings/{finding}")
    path = f"findings/{finding}/extension-request/{fresh()}"
    first = await intake.put("head", path, ASKED)
    assert (await intake.put("head", path, ASKED, 200)).content == first.content
    assert first.json()["state"] == "extension_requested"
    data = (await intake.events())[-1]["data"]
    assert (data["of"], data["until"], list(data["commitments"])) == ("reply", "2026-09-15", ["reason"])
    after = await intake.get("head", f"/intake/v1/findings/{finding}")
    told = ("answers", "private", "history")
    assert after == before | {name: after[name] for name in told}
    assert after["private"]["extension-request"] == ASKED["private"]
    assert after["history"][-1]["type"] == "kycuong.finding.extension_requested.v1"
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": True})


@pytest.mark.parametrize("until", ["2026-09-01", "2026-09-12", "2026-12-31"])
async def test_the_day_is_a_working_day_after_the_deadline_and_not_too_far(intake, finding, until):
    path = f"findings/{finding}/extension-request/{fresh()}"
    refused = (await intake.put("head", path, ASKED | {"until": until}, 422)).json()
    assert [error["pointer"] for error in refused["errors"]] == ["/until"]
    await intake.put("head", path, ASKED)  # a refused write does not use up its id


async def test_only_a_deadline_that_runs_can_be_put_off(intake, finding):
    path = f"findings/{finding}/extension-request"
    for who in ("parent-head", "reviewer", "inspector"):
        await intake.put(who, f"{path}/{fresh()}", ASKED, 403)
    await intake.put("head", f"{path}/{fresh()}", ASKED | {"of": "remedy"}, 409)
    intake.clock.set(NOW + timedelta(days=30))
    late = (await intake.put("head", f"{path}/{fresh()}", ASKED | {"until": "2026-10-15"}, 409)).json()
    assert late["type"] == "/problems/wrong-state"


async def test_before_the_closing_there_is_no_deadline(intake):
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    await intake.put("inspector", f"findings/{finding}", recording(inspection))
    await intake.put("head", f"findings/{finding}/extension-request/{fresh()}", ASKED, 409)
