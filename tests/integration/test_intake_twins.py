"""A refused write leaves nothing behind, not even in memory: what stands was stored, not what a line claimed."""

import pytest

from tests.support.intake import UNIT, closing, fresh, opening, populate, put_line, recording, register, running_intake

OTHER = "xa-phu-lam"


@pytest.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.put("admin", f"unit-changes/{fresh()}", register(OTHER), None)
        yield intake


CLAIMS = [
    ("the same account", "lead", OTHER, 409),
    ("another account", "another-lead", OTHER, 409),
    ("a role that may not", "head", OTHER, 403),
    ("a token of nobody", "nonsense", OTHER, 401),
    ("a unit that does not exist", "lead", "xa-khong-co", 409),
]


@pytest.mark.parametrize(("who", "unit", "status"), [claim[1:] for claim in CLAIMS], ids=[claim[0] for claim in CLAIMS])
async def test_a_refused_twin_of_an_inspection_changes_nothing_for_later_writes(intake, who, unit, status):
    await intake.token("lead", key="lead")
    await intake.token("lead", account="another-lead")
    await intake.token("unit_head", OTHER, key="head")
    inspection, finding = fresh(), fresh()
    await intake.put("lead", f"inspections/{inspection}", opening(UNIT))
    await intake.put(who, f"inspections/{inspection}", opening(unit), status)
    answer = await intake.put("lead", f"findings/{finding}", recording(inspection))
    assert answer.json()["unit"] == UNIT
    await intake.put("lead", f"inspections/{inspection}/closing/{fresh()}", closing())


async def test_a_refused_twin_of_a_finding_in_one_batch_changes_nothing_for_later_writes(intake):
    await intake.token("lead", key="lead")
    await intake.token("unit_head", UNIT, key="head")
    here, there, finding = fresh(), fresh(), fresh()
    await intake.put("lead", f"inspections/{here}", opening(UNIT))
    await intake.put("lead", f"inspections/{there}", opening(OTHER))
    lines = [put_line(f"findings/{finding}", recording(inspection)) for inspection in (here, there)]
    assert [line["status"] for line in await intake.batch("lead", lines)] == [201, 409]
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": True})


async def test_twins_of_an_opening_in_one_batch_keep_the_first_ones_unit(intake):
    await intake.token("lead", key="lead")
    inspection, finding = fresh(), fresh()
    lines = [
        put_line(f"inspections/{inspection}", opening(UNIT)),
        put_line(f"inspections/{inspection}", opening(OTHER)),
        put_line(f"findings/{finding}", recording(inspection)),
    ]
    answers = await intake.batch("lead", lines)
    assert [line["status"] for line in answers] == [201, 409, 201]
    assert answers[2]["body"]["unit"] == UNIT
    await intake.put("lead", f"inspections/{inspection}/closing/{fresh()}", closing())
