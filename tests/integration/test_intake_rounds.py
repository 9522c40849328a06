"""A round is planned, its beacon told, units assigned, the round closed: by planners only, each fault named."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import pytest_asyncio

from services.audit.app import create_app as create_audit
from services.intake.rounds.drawing import draw_due
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from tests.support.intake import NOW, UNIT, Intake, closing, fresh, opening, populate, register, running_intake
from tests.support.schemas import validate_event

OTHER, THIRD, DEPARTMENT = "xa-phu-lam", "xa-yen-trach", "so-y-te"
BEACON = {"name": "XSMB, giải đặc biệt", "date": "2026-09-03", "pattern": "^[0-9]{5}$"}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        await populate(intake)
        await people(intake)
        yield intake


async def people(intake: Intake) -> None:
    """More units, a second planner, and somebody who is a planner and heads a unit."""
    for unit, group in ((THIRD, "xa"), (DEPARTMENT, "so"), ("so-xay-dung", "so")):
        await intake.put("admin", f"unit-changes/{fresh()}", register(unit, group=group, parent="ubnd-tinh"))
    province = {"change": "amend", "unit": "ubnd-tinh", "group": "other", "valid_from": "2025-07-01"}
    await intake.put("admin", f"unit-changes/{fresh()}", province)
    await intake.token("reviewer", account="second")
    await intake.token("lead", UNIT, key="lead-of-one")
    await intake.token("unit_head", DEPARTMENT, account="both", key="both-head")
    await intake.token("reviewer", account="both", key="both")


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "basis": "15/KH-SNV", "kind": "planned", "from": "2026-09-01", "to": "2026-12-15",
        "strata": [{"group": "xa", "size": 2}],
    } | changes  # fmt: skip


def assignment(unit: str = DEPARTMENT, **changes: Any) -> dict[str, Any]:
    return {
        "unit": unit,
        "opener": "inspector",
        "team": ["colleague"],
        "from": "2026-09-01",
        "to": "2026-09-04",
    } | changes


def chosen(*units: str, selection: str = "risk") -> list[dict[str, str]]:
    return [{"unit": unit, "selection": selection} for unit in units]


async def planned(intake: Intake, status: int = 201, who: str = "lead", **changes: Any) -> Any:
    body = plan(**changes)
    return (await intake.put(who, f"rounds/{fresh()}", body, status)).json()


async def logged(intake: Intake, round_id: str, index: int = 40) -> None:
    """Say that the plan is in the log, and draw: no log runs here."""
    await intake.service.pool.execute(
        "UPDATE intake.round SET idx = $2, root = $3 WHERE id = $1", round_id, index, b"\xaa" * 32
    )
    await draw_due(intake.service)


def data(answer: dict[str, Any]) -> dict[str, Any]:
    event = validate_event(base64.b64decode(answer["event"]))
    return {name: value for name, value in event["data"].items() if name != "by"}


async def test_a_plan_tells_who_can_be_drawn(intake: Intake) -> None:
    answer = await planned(
        intake, exclude=[OTHER], chosen=chosen(DEPARTMENT), beacon=BEACON, kind="unannounced",
        strata=[{"group": "xa", "size": 1}, {"group": "so", "size": 1}],
    )  # fmt: skip
    listed = [f"{UNIT}\n{THIRD}\n", "so-xay-dung\n"]
    assert data(answer) == {
        "round": answer["id"], "basis": "15/KH-SNV", "kind": "unannounced", "from": "2026-09-01", "to": "2026-12-15",
        "strata": [{"group": "xa", "size": 1}, {"group": "so", "size": 1}], "exclude": [OTHER],
        "chosen": [{"unit": DEPARTMENT, "selection": "targeted"}], "beacon": BEACON,
        "candidates": [
            {"group": group, "count": text.count("\n"), "root": sha256(text.encode()).hexdigest()}
            for group, text in zip(("xa", "so"), listed, strict=True)
        ],
    }  # fmt: skip
    assert (answer["unit"], answer["state"], answer["round"]) == ("-", "planned", answer["id"])
    rows = await intake.service.pool.fetch("SELECT event_id::text, barrier FROM intake.outbox ORDER BY id DESC LIMIT 1")
    assert [tuple(row) for row in rows] == [(answer["id"], True)]
    again = await intake.put("lead", f"rounds/{answer['id']}", plan(
        exclude=[OTHER], chosen=chosen(DEPARTMENT), beacon=BEACON, kind="unannounced",
        strata=[{"group": "xa", "size": 1}, {"group": "so", "size": 1}],
    ), 200)  # fmt: skip
    assert again.json() == answer


async def test_a_unit_change_follows_a_plan_into_the_log(intake: Intake) -> None:
    async def barrier(unit: str) -> bool:
        change = fresh()
        await intake.put("admin", f"unit-changes/{change}", register(unit))
        found: bool = await intake.service.pool.fetchval(
            "SELECT barrier FROM intake.outbox WHERE event_id = $1", change
        )
        return found

    assert not await barrier("xa-truoc")
    waiting = await planned(intake)
    assert await barrier("xa-sau")
    await logged(intake, waiting["id"])
    assert not await barrier("xa-sau-nua")
    round_id, change = fresh(), fresh()
    told = await intake.batch("admin", [(f"unit-changes/{change}", register("xa-cung-luc"))])
    assert told[0]["status"] == 201
    lines = [(f"rounds/{round_id}", plan(strata=[{"group": "so", "size": 1}]))]
    assert (await intake.batch("lead", lines))[0]["status"] == 201
    assert await barrier("xa-sau-cung")


FAULTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"basis": "Kế hoạch năm"}, ["/basis"]),
    ({"kind": "recheck"}, ["/kind"]),
    ({"from": "2026-12-16"}, ["/to"]),
    ({"from": "2026-13-01"}, ["/from"]),
    ({"strata": []}, ["/strata"]),
    ({"strata": [{"group": "xa", "size": 0}]}, ["/strata/0/size"]),
    ({"strata": [{"group": "xa", "size": True}]}, ["/strata/0/size"]),
    ({"strata": [{"group": "xa", "size": 151}]}, ["/strata/0/size"]),
    ({"strata": [{"group": "xa", "size": 4}]}, ["/strata/0/size"]),  # only 3 there are
    ({"strata": [{"group": "xa", "size": 3}], "exclude": [OTHER]}, ["/strata/0/size"]),
    ({"strata": [{"group": "xa", "size": 3}], "chosen": chosen(OTHER)}, ["/strata/0/size"]),
    ({"strata": [{"group": "xa", "size": 1}, {"group": "xa", "size": 1}]}, ["/strata/1/group"]),
    ({"strata": [{"group": "xa", "size": 100}, {"group": "so", "size": 51}]}, ["/strata"]),
    ({"strata": [{"group": "huyen", "size": 1}]}, ["/strata/0/group"]),
    ({"strata": [{"group": g, "size": 1} for g in ("so", "xa", "phuong", "dvsn", "other", "so")]}, ["/strata"]),
    ({"exclude": ["xa-khong-co"]}, ["/exclude/0"]),
    ({"exclude": [OTHER, OTHER]}, ["/exclude/1"]),
    ({"exclude": [OTHER], "chosen": chosen(OTHER)}, ["/chosen/0/unit"]),
    ({"exclude": [f"xa-{n}" for n in range(101)]}, ["/exclude"]),
    ({"chosen": chosen(*(f"xa-{n}" for n in range(101)))}, ["/chosen"]),
    ({"chosen": chosen("xa-khong-co")}, ["/chosen/0/unit"]),
    ({"chosen": chosen(OTHER, selection="random")}, ["/chosen/0/selection"]),
    ({"chosen": chosen(OTHER), "from": "2025-06-01", "strata": []}, ["/chosen/0/unit"]),  # not yet valid then
    ({"beacon": BEACON | {"date": "2026-09-01"}}, ["/beacon/date"]),  # today
    ({"beacon": BEACON | {"pattern": "[0-9]{5}"}}, ["/beacon/pattern"]),
    ({"beacon": BEACON | {"pattern": "^([0-9]+)+$"}}, ["/beacon/pattern"]),
    ({"beacon": BEACON | {"pattern": "^[0-9]*[0-9]*[0-9]*[0-9]*$"}}, ["/beacon/pattern"]),
    ({"beacon": BEACON | {"pattern": "^[9-0]$"}}, ["/beacon/pattern"]),
    ({"beacon": BEACON | {"name": "  "}}, ["/beacon/name"]),
    ({"beacon": {"name": "XSMB"}}, ["/beacon/date", "/beacon/pattern"]),
    ({"replaces": fresh()}, ["/replaces"]),
    ({"replaces": "x"}, ["/replaces"]),
    ({"unit": UNIT}, ["/unit"]),
]


async def test_each_fault_of_a_plan_is_named(intake: Intake) -> None:
    before = await intake.rows()
    for changes, pointers in FAULTS:
        problem = await planned(intake, 422, **changes)
        assert sorted(error["pointer"] for error in problem["errors"]) == sorted(pointers), changes
    assert await intake.rows() == before


async def test_a_beacon_has_a_pattern_that_takes_no_time(intake: Intake) -> None:
    patterns = ("^[0-9]{5}$", r"^\d{2}( \d{2}){5}$", "^[A-Z]?[0-9]{1,6}$", r"^(?:\d\d:){2}\d+$")
    for year, pattern in enumerate(patterns, start=2027):
        days = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
        await planned(intake, beacon=BEACON | {"pattern": pattern}, **days)


async def test_only_planners_plan(intake: Intake) -> None:
    for who in ("inspector", "head", "auditor", "admin"):
        assert (await planned(intake, 403, who))["type"] == "/problems/forbidden"
    assert "toàn tỉnh" in (await planned(intake, 403, "lead-of-one"))["detail"]
    assert "đứng đầu" in (await planned(intake, 403, "both"))["detail"]
    await planned(intake, 201, "reviewer")


async def test_a_round_that_overlaps_another_names_it(intake: Intake) -> None:
    first = await planned(intake)
    refused = await planned(intake, 409, to="2026-09-01")
    assert refused["type"] == "/problems/overlaps" and first["id"] in refused["detail"]
    await planned(intake, strata=[{"group": "so", "size": 1}])  # another group
    await planned(intake, **{"from": "2026-12-16", "to": "2026-12-20"})  # another time
    second = await planned(intake, replaces=first["id"])
    assert (await planned(intake, 409))["type"] == "/problems/overlaps"
    assert (await planned(intake, 409, replaces=first["id"]))["type"] == "/problems/wrong-state"
    shown = await intake.get("reviewer", f"/intake/v1/rounds/{first['id']}")
    assert (shown["state"], shown["replaced_by"], shown["drawn"]) == ("replaced", second["id"], None)
    for path, body in (("assignments", assignment(UNIT)), ("closing", {}), ("beacon", {"value": "1"})):
        await intake.put("reviewer", f"rounds/{first['id']}/{path}/{fresh()}", body, 409)
    await intake.put("lead", f"rounds/{second['id']}/closing/{fresh()}", {})
    await planned(intake)


async def test_a_beacon_is_told_once_from_its_day_on_by_another_planner(intake: Intake) -> None:
    answer = await planned(intake, beacon=BEACON)
    await logged(intake, answer["id"])
    path = f"rounds/{answer['id']}/beacon"
    assert (await intake.get("lead", f"/intake/v1/rounds/{answer['id']}"))["drawn"] is None

    async def told(who: str, value: Any, status: int) -> Any:
        return (await intake.put(who, f"{path}/{fresh()}", {"value": value}, status)).json()

    assert (await told("reviewer", "48213", 409))["type"] == "/problems/too-early"
    intake.clock.set(datetime(2026, 9, 2, 17, 0, tzinfo=UTC))  # midnight in the province
    assert "không tự ghi" in (await told("lead", "48213", 403))["detail"]
    for value in ("4821", "482133", "48213\n", "", None, 48213, "x" * 101):
        assert [error["pointer"] for error in (await told("reviewer", value, 422))["errors"]] == ["/value"]
    assert data(await told("reviewer", "48213", 201)) == {"round": answer["id"], "value": "48213"}
    assert (await told("second", "48213", 409))["type"] == "/problems/wrong-state"
    await draw_due(intake.service)
    drawn = validate_event((await intake.event_bytes())[-1])
    assert drawn["data"]["beacon"] == "48213" and drawn["time"] == "2026-09-02T17:00:00.000Z"
    without = await planned(intake, strata=[{"group": "so", "size": 1}])
    refused = await intake.put("reviewer", f"rounds/{without['id']}/beacon/{fresh()}", {"value": "48213"}, 409)
    assert refused.json()["type"] == "/problems/wrong-state"
    await intake.put("reviewer", f"rounds/{fresh()}/beacon/{fresh()}", {"value": "48213"}, 404)


async def test_the_draw_is_made_once_the_plan_is_in_the_log(intake: Intake) -> None:
    answer = await planned(intake)
    assert await draw_due(intake.service) == 0
    await logged(intake, answer["id"])
    drawn = validate_event((await intake.event_bytes())[-1])
    assert drawn["data"]["by"] == {"role": "system"}
    assert (drawn["data"]["size"], drawn["data"]["root"], drawn["data"]["beacon"]) == (41, "aa" * 32, "")
    [stratum] = drawn["data"]["drawn"]
    assert stratum["group"] == "xa" and len(set(stratum["units"])) == 2 and {*stratum["units"]} < {UNIT, OTHER, THIRD}
    assert await draw_due(intake.service) == 0
    shown = await intake.get("reviewer", f"/intake/v1/rounds/{answer['id']}")
    assert (shown["state"], shown["drawn"], shown["index"]) == ("drawn", drawn["data"]["drawn"], 40)
    assert shown["left"] == sorted(stratum["units"]) and shown["random_share"] is None
    assert shown["candidates"] == [{"group": "xa", "units": [OTHER, UNIT, THIRD]}]
    late = await planned(intake, **{"from": "2027-01-01", "to": "2027-02-01"})
    await intake.put("lead", f"rounds/{late['id']}/closing/{fresh()}", {"private": {"note": "Hoãn."}})
    await logged(intake, late["id"])
    assert (await intake.get("lead", f"/intake/v1/rounds/{late['id']}"))["drawn"] is None


async def test_an_assignment_is_of_a_unit_of_the_round_and_of_people_who_may(intake: Intake) -> None:
    round_id = (await planned(intake, chosen=chosen(DEPARTMENT)))["id"]

    async def assign(body: dict[str, Any], status: int, who: str = "lead") -> Any:
        return (await intake.put(who, f"rounds/{round_id}/assignments/{fresh()}", body, status)).json()

    async def pointers(**changes: Any) -> list[str]:
        return [error["pointer"] for error in (await assign(assignment(**changes), 422))["errors"]]

    assert (await assign(assignment(UNIT), 409))["type"] == "/problems/wrong-state"  # before the draw
    made = await assign(assignment(), 201)
    told = {"round": round_id, "unit": DEPARTMENT, "from": "2026-09-01", "to": "2026-09-04", "members": 2}
    assert data(made) == told and made["members"] == 2
    assert "inspector" not in base64.b64decode(made["event"]).decode()
    await logged(intake, round_id)
    drawn = (await intake.get("lead", f"/intake/v1/rounds/{round_id}"))["drawn"][0]["units"]
    [spared] = {UNIT, OTHER, THIRD} - {*drawn}
    assert await pointers(unit=spared) == ["/unit"]
    assert await pointers(unit="xa-khong-co") == ["/unit"]
    assert await pointers(opener="nobody", team=["inspector", "no-one"]) == ["/opener", "/team/1"]
    assert await pointers(opener="reviewer") == ["/opener"]
    assert await pointers(opener="inspector-xa-phu-lam") == ["/opener"]  # whose scope is elsewhere
    assert await pointers(to="2026-08-31") == ["/to"]
    await intake.put("lead", f"rounds/{fresh()}/assignments/{fresh()}", assignment(), 404)
    await assign(assignment(), 403, "inspector")
    await assign(assignment(drawn[0]), 201, "reviewer")


async def test_nobody_inspects_a_unit_whose_head_he_lately_was(intake: Intake) -> None:
    round_id = (await planned(intake, chosen=chosen(DEPARTMENT, UNIT), strata=[]))["id"]
    path = f"rounds/{round_id}/assignments"
    await intake.token("inspector", account="was-head")
    await intake.token("unit_head", "ubnd-tinh", account="was-head", key="was-head-post")
    pool = intake.service.pool
    ended = "UPDATE identity.appointment SET valid_to = $1 WHERE account = 'was-head' AND role = 'unit_head'"
    await pool.execute(ended, NOW - timedelta(days=700))
    for changes, pointer in (({"team": ["was-head"]}, "/team/0"), ({"opener": "was-head"}, "/opener")):
        refused = (await intake.put("lead", f"{path}/{fresh()}", assignment(**changes), 422)).json()
        assert refused["type"] == "/problems/conflict-of-interest"
        assert [error["pointer"] for error in refused["errors"]] == [pointer]
    when = {"opened_at": "2026-09-01T07:30:00+07:00"}
    refused = (await intake.put("inspector", f"inspections/{fresh()}", opening(team=["was-head"], **when), 422)).json()
    assert (refused["type"], refused["errors"][0]["pointer"]) == ("/problems/conflict-of-interest", "/team/0")
    refused = (await intake.put("was-head", f"inspections/{fresh()}", opening(**when), 422)).json()
    assert (refused["type"], refused["errors"][0]["pointer"]) == ("/problems/conflict-of-interest", "/unit")
    await pool.execute(ended, NOW - timedelta(days=731))
    await intake.put("lead", f"{path}/{fresh()}", assignment(opener="was-head"))
    await intake.put("was-head", f"inspections/{fresh()}", opening(**when))


async def test_an_inspection_is_opened_for_an_assignment(intake: Intake) -> None:
    round_id = (await planned(intake, chosen=chosen(DEPARTMENT, UNIT), strata=[]))["id"]
    mine = (await intake.put("lead", f"rounds/{round_id}/assignments/{fresh()}", assignment())).json()["id"]
    listed = (await intake.get("inspector", "/intake/v1/assignments"))["items"]
    assert listed == [{
        "id": mine, "unit": DEPARTMENT, "unit_name": f"Đơn vị {DEPARTMENT}", "kind": "planned", "basis": "15/KH-SNV",
        "selection": "risk", "opener": "inspector", "team": ["colleague"], "from": "2026-09-01", "to": "2026-09-04",
        "inspection": None,
    }]  # fmt: skip
    assert (await intake.get("colleague", "/intake/v1/assignments"))["items"] == listed
    assert (await intake.get("elsewhere", "/intake/v1/assignments"))["items"] == []

    async def opened(status: int, who: str = "inspector", unit: str = DEPARTMENT, **changes: Any) -> Any:
        body = opening(unit, selection="risk", **{"assignment": mine} | changes)
        return (await intake.put(who, f"inspections/{fresh()}", body, status)).json()

    for wrong in ({"assignment": fresh()}, {"unit": UNIT}, {"who": "lead"}, {"assignment": "x"}):
        refused = await opened(422, **wrong)  # type: ignore[arg-type]
        assert [error["pointer"] for error in refused["errors"]] == ["/assignment"], wrong
    first = await opened(201)
    assert first["flags"] == [] and data(first)["assignment"] == mine
    second = await opened(201, "colleague")
    assert (await intake.get("lead", f"/intake/v1/rounds/{round_id}"))["inspected"] == []  # not closed yet
    await intake.put("colleague", f"inspections/{second['id']}/closing/{fresh()}", closing())
    shown = await intake.get("lead", f"/intake/v1/rounds/{round_id}")
    assert (
        shown["inspected"] == [] and shown["assignments"][0]["inspection"] == first["id"]
    )  # a second one does not count
    await intake.put("inspector", f"inspections/{first['id']}/closing/{fresh()}", closing())
    shown = await intake.get("lead", f"/intake/v1/rounds/{round_id}")
    assert (shown["assigned"], shown["inspected"], shown["left"]) == ([DEPARTMENT], [DEPARTMENT], [UNIT])
    assert shown["random_share"] == "0.00"
    intake.clock.set(NOW + timedelta(days=6))
    late = await opened(201, opened_at="2026-09-07T07:30:00+07:00")
    assert late["flags"] == ["off_plan"]
    await intake.put("lead", f"rounds/{round_id}/closing/{fresh()}", {"private": {"note": "Xong."}})
    assert [error["pointer"] for error in (await opened(422))["errors"]] == ["/assignment"]
    assert (await intake.get("inspector", "/intake/v1/assignments"))["items"] == []


async def test_a_unit_that_ended_is_replaced_by_the_one_that_answers_for_it(intake: Intake) -> None:
    round_id = (await planned(intake, chosen=chosen(OTHER), strata=[]))["id"]
    mine = (await intake.put("lead", f"rounds/{round_id}/assignments/{fresh()}", assignment(OTHER))).json()["id"]
    merged = {
        "change": "succeed", "kind": "merge", "from": [OTHER], "to": [THIRD], "valid_from": "2026-09-01",
        "basis": "NQ 202/2025/QH15",
    }  # fmt: skip
    await intake.put("admin", f"unit-changes/{fresh()}", merged)
    shown = await intake.get("lead", f"/intake/v1/rounds/{round_id}")
    assert (shown["assigned"], shown["left"], shown["assignments"][0]["unit"]) == ([THIRD], [THIRD], THIRD)
    assert (await intake.get("inspector", "/intake/v1/assignments"))["items"][0]["unit"] == THIRD
    opened = fresh()
    await intake.put("inspector", f"inspections/{opened}", opening(THIRD, assignment=mine))
    await intake.put("inspector", f"inspections/{opened}/closing/{fresh()}", closing())
    assert (await intake.get("lead", f"/intake/v1/rounds/{round_id}"))["left"] == []
    await intake.put("lead", f"rounds/{round_id}/assignments/{fresh()}", assignment(THIRD))


async def test_rounds_are_read_by_those_who_may_and_as_far_as_they_reach(intake: Intake) -> None:
    round_id = (await planned(intake, chosen=chosen(UNIT, DEPARTMENT), exclude=[OTHER], strata=[]))["id"]
    for unit in (UNIT, DEPARTMENT):
        await intake.put("lead", f"rounds/{round_id}/assignments/{fresh()}", assignment(unit))
    for who in ("head", "parent-head", "both", "inspector", "admin"):
        for path in ("rounds", f"rounds/{round_id}", "coverage?year=2026"):
            await intake.get(who, f"/intake/v1/{path}", 403)
    [whole] = (await intake.get("reviewer", "/intake/v1/rounds"))["items"]
    assert whole["chosen"] == chosen(UNIT, DEPARTMENT) and len(whole["assignments"]) == 2
    assert whole["assignments"][0]["opener"] == "inspector" and whole["may"] == ["assignments", "closing"]
    [part] = (await intake.get("lead-of-one", "/intake/v1/rounds"))["items"]
    assert (part["chosen"], part["exclude"], part["left"], part["may"]) == (chosen(UNIT), [], [UNIT], [])
    shown = await intake.get("auditor", f"/intake/v1/rounds/{round_id}")
    assert shown["chosen"] == chosen(UNIT, DEPARTMENT, selection="targeted") and "opener" not in shown["assignments"][0]
    await intake.get("reviewer", f"/intake/v1/rounds/{fresh()}", 404)
    await intake.get("reviewer", "/intake/v1/rounds/x", 404)
    for who in ("reviewer", "auditor", "head"):
        await intake.get(who, "/intake/v1/assignments", 403)


async def test_coverage_counts_units_that_were_inspected_this_year(intake: Intake) -> None:
    async def visit(unit: str) -> str:
        opened = fresh()
        await intake.put("inspector", f"inspections/{opened}", opening(unit))
        return opened

    first = await visit(UNIT)
    await visit(OTHER)
    told = await intake.get("auditor", "/intake/v1/coverage?year=2026")
    assert told["target"] == "0.70" and UNIT in told["left"]
    await intake.put("inspector", f"inspections/{first}/closing/{fresh()}", closing())
    told = await intake.get("reviewer", "/intake/v1/coverage?year=2026")
    assert told["groups"] == [
        {"group": "other", "units": 1, "inspected": 0, "share": "0.00"},
        {"group": "so", "units": 2, "inspected": 0, "share": "0.00"},
        {"group": "xa", "units": 3, "inspected": 1, "share": "0.33"},
    ]
    assert told["left"] == ["so-xay-dung", DEPARTMENT, "ubnd-tinh", OTHER, THIRD]
    assert (await intake.get("lead-of-one", "/intake/v1/coverage?year=2026"))["left"] == []
    assert (await intake.get("reviewer", "/intake/v1/coverage?year=2025"))["groups"][2]["inspected"] == 0
    await intake.get("reviewer", "/intake/v1/coverage", 422)
    await intake.get("reviewer", "/intake/v1/coverage?year=1999", 422)


async def test_a_public_log_takes_no_unannounced_round(settings: Settings) -> None:
    public = settings.model_copy(update={"log_public_entries": True})
    async with running_intake(public) as intake:
        await populate(intake)
        refused = await planned(intake, 409, kind="unannounced")
        assert refused["type"] == "/problems/public-log"
        await planned(intake)


async def test_a_start_with_a_public_log_is_refused_while_an_unannounced_round_is_open(settings: Settings) -> None:
    public = settings.model_copy(update={"log_public_entries": True})
    async with running_intake(settings) as intake:
        await populate(intake)
        round_id = (await planned(intake, kind="unannounced"))["id"]
    with pytest.raises(StartRefused, match="an unannounced round is open"):
        async with running_intake(public):
            pass
    log = create_audit(public)  # in a process of its own, it asks too
    with pytest.raises(StartRefused, match="an unannounced round is open"):
        async with log.router.lifespan_context(log):
            pass
    async with running_intake(settings) as intake:
        await intake.token("lead")
        await intake.put("lead", f"rounds/{round_id}/closing/{fresh()}", {})
    async with running_intake(public):
        pass
