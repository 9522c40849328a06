"""What becomes of an inspection beside its one closing: the closing put right, the team changed."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.kernel.process.settings import Settings
from tests.support.intake import NOW, Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.photos import jpeg, listed, scene

REASON = {"private": {"reason": "Đếm sót một người."}}
AGAIN = closing(assigned=46, persons_checked=46, present=44, private={"opinion": "Đồng ý.", **REASON["private"]})


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        await populate(intake)
        await intake.token("lead", "xa-phu-lam", key="lead-elsewhere")
        yield intake


async def opened(intake: Intake, **changes: Any) -> str:
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening(team=["colleague"]) | changes)
    return inspection


async def closed(intake: Intake) -> str:
    inspection = await opened(intake)
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return inspection


def event_of(answer: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(base64.b64decode(answer.json()["event"]))
    return event


async def team(intake: Intake, inspection: str, status: int = 201, who: str = "inspector", **body: Any) -> Any:
    return await intake.put(who, f"inspections/{inspection}/team/{fresh()}", body, status)


async def test_a_correction_takes_the_place_of_the_closing_and_moves_no_deadline(intake: Intake) -> None:
    inspection = await closed(intake)
    before = await intake.get("lead", f"/intake/v1/inspections/{inspection}")
    intake.clock.set(NOW + timedelta(days=1))
    path = f"inspections/{inspection}/correction/{fresh()}"
    first = await intake.put("lead", path, AGAIN)
    assert (await intake.put("lead", path, AGAIN, 200)).content == first.content
    assert first.json()["state"] == "corrected"
    data = event_of(first)["data"]
    assert (data["assigned"], data["reply_due"]) == (46, before["reply_due"])
    assert sorted(data["commitments"]) == ["opinion", "reason"]
    after = await intake.get("lead", f"/intake/v1/inspections/{inspection}")
    assert (after["roll"]["assigned"], after["state"], after["reply_due"]) == (46, "closed", before["reply_due"])
    assert after["closing"] == after["correction"] == first.json()["id"]
    assert after["private"]["reason"] == REASON["private"]["reason"]
    assert "reason" not in (await intake.get("head", f"/intake/v1/inspections/{inspection}"))["private"]


async def test_a_correction_is_the_whole_closing_by_who_may_close(intake: Intake) -> None:
    inspection, path = await closed(intake), "inspections/{}/correction/{}"
    for who, body, status, pointer in (
        ("colleague", AGAIN, 403, None),
        ("head", AGAIN, 403, None),
        ("lead-elsewhere", AGAIN, 404, None),
        ("lead", closing(), 422, "/private/reason"),
        ("lead", {name: value for name, value in AGAIN.items() if name != "late"}, 422, "/late"),
        ("lead", AGAIN | {"present": 40}, 422, "/assigned"),
        ("inspector", AGAIN | {"closed_at": "2026-09-01T07:00:00+07:00"}, 422, "/closed_at"),
    ):
        refused = (await intake.put(who, path.format(inspection, fresh()), body, status)).json()
        assert [error["pointer"] for error in refused.get("errors", [])] == ([pointer] if pointer else [])
    still_open = await opened(intake)
    refused = (await intake.put("inspector", path.format(still_open, fresh()), AGAIN, 409)).json()
    assert refused["type"] == "/problems/wrong-state"
    await intake.put("inspector", path.format(fresh(), fresh()), AGAIN, 409)
    await intake.put("inspector", path.format(inspection, fresh()), AGAIN)
    await intake.put("lead", path.format(inspection, fresh()), AGAIN)


async def test_minutes_given_out_before_a_correction_are_an_earlier_edition(intake: Intake) -> None:
    inspection = await closed(intake)
    first = await intake.get("lead", f"/intake/v1/inspections/{inspection}/minutes")
    intake.clock.set(NOW + timedelta(hours=1))
    await intake.put("lead", f"inspections/{inspection}/correction/{fresh()}", AGAIN)
    page = (await intake.client.get(f"/intake/minutes/{inspection}/{first['content_sha256']}")).text
    assert "earlier" in page or "trước" in page
    second = await intake.get("lead", f"/intake/v1/inspections/{inspection}/minutes")
    assert (second["roll"]["assigned"], first["roll"]["assigned"]) == (46, 45)
    assert second["content_sha256"] != first["content_sha256"]


async def test_a_team_change_names_everybody_by_pseudonym_and_is_believed_at_once(intake: Intake) -> None:
    await intake.token("inspector", account="third")
    inspection = await opened(intake)
    [*_, opened_event] = await intake.events()
    await intake.put("third", f"findings/{fresh()}", recording(inspection), 403)
    answer = await team(intake, inspection, add=["third"], remove=["colleague"])
    assert (answer.json()["state"], answer.json()["inspection"]) == ("team_changed", inspection)
    data = event_of(answer)["data"]
    opener, colleague = opened_event["data"]["team"]
    assert data["remove"] == [colleague]
    assert data["team"] == [opener, *data["add"]]
    assert "third" not in json.dumps(data)
    await intake.put("third", f"findings/{fresh()}", recording(inspection))
    shown = await intake.get("third", f"/intake/v1/inspections/{inspection}")
    assert shown["team"] == ["inspector", "third"]
    await intake.get("colleague", f"/intake/v1/inspections/{inspection}", 404)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/add"),
        ({"add": [], "remove": []}, "/add"),
        ({"add": ["nobody-there"]}, "/add/0"),
        ({"add": ["colleague"]}, "/add/0"),
        ({"add": ["lead", "lead"]}, "/add/1"),
        ({"add": ["lead"], "remove": ["lead"]}, "/remove/0"),
        ({"remove": ["lead"]}, "/remove/0"),
        ({"remove": ["colleague", "inspector"]}, "/remove/1"),
        ({"add": "lead"}, "/add"),
        ({"add": ["lead"], "note": "x"}, "/note"),
    ],
)
async def test_a_team_change_that_names_the_wrong_people_changes_nothing(
    intake: Intake, body: dict[str, Any], pointer: str
) -> None:
    inspection = await opened(intake)
    before = await intake.rows()
    refused = (await team(intake, inspection, 422, **body)).json()
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert await intake.rows() == before


async def test_only_the_opener_and_leads_change_the_team(intake: Intake) -> None:
    inspection = await opened(intake)
    await team(intake, inspection, 403, "colleague", remove=["colleague"])
    await team(intake, inspection, 403, "reviewer", add=["lead"])
    await team(intake, inspection, 404, "lead-elsewhere", add=["lead"])
    await team(intake, inspection, 201, "lead", add=["lead"])
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    await team(intake, inspection, 201, "lead", remove=["lead"])


async def test_who_left_the_team_still_files_what_he_saw_before(intake: Intake) -> None:
    picture = jpeg(scene(64, 48))
    inspection = await opened(intake)
    intake.clock.set(NOW + timedelta(hours=2))
    await team(intake, inspection, remove=["colleague"])
    finding = fresh()
    await intake.put("colleague", f"findings/{finding}", recording(inspection, photos=[listed(picture)]))
    await intake.put("colleague", f"findings/{finding}/photos/1", picture, **{"content-type": "image/jpeg"})
    intake.clock.set(NOW + timedelta(hours=3))
    later = recording(inspection, captured_at="2026-09-01T10:30:00+07:00")
    await intake.put("colleague", f"findings/{fresh()}", later, 403)
    intake.clock.set(NOW + timedelta(days=9))
    await intake.put("colleague", f"findings/{fresh()}", recording(inspection), 403)


async def test_who_ever_was_in_the_team_never_decides(intake: Intake) -> None:
    await intake.token("reviewer", account="colleague", key="colleague-reviews")
    inspection = await opened(intake)
    finding = fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03"))
    await team(intake, inspection, remove=["colleague"])
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    excused = {"outcome": "excused", "private": {"reason": "Theo hồ sơ."}}
    await intake.put("colleague-reviews", f"findings/{finding}/decision/{fresh()}", excused, 403)
    shown = await intake.get("colleague-reviews", f"/intake/v1/findings/{finding}")
    assert "decision" not in shown["may"]
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", excused)


async def test_what_a_caller_may_do_with_an_inspection_is_told(intake: Intake) -> None:
    inspection = await opened(intake)
    path = f"/intake/v1/inspections/{inspection}"
    assert (await intake.get("inspector", path))["may"] == ["closing", "team"]
    assert (await intake.get("colleague", path))["may"] == []
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    assert (await intake.get("lead", path))["may"] == ["correction", "voiding", "team"]
    assert (await intake.get("reviewer", path))["may"] == ["voiding"]


async def void(intake: Intake, inspection: str, status: int = 201, who: str = "lead") -> Any:
    return await intake.put(who, f"inspections/{inspection}/voiding/{fresh()}", REASON, status)


async def test_a_voiding_ends_all_and_what_comes_later_is_refused(intake: Intake) -> None:
    inspection, finding, replied, withdrawn = await opened(intake), fresh(), fresh(), fresh()
    for each in (finding, replied, withdrawn):
        await intake.put("inspector", f"findings/{each}", recording(inspection, code="A03"))
    await intake.put("inspector", f"findings/{withdrawn}/withdrawal/{fresh()}", REASON)
    await intake.put("head", f"findings/{replied}/reply/{fresh()}", {"accepts": False})
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    answer = await void(intake, inspection)
    assert answer.json()["state"] == "voided"
    event = event_of(answer)
    assert (event["data"]["inspection"], list(event["data"]["commitments"])) == (inspection, ["reason"])
    assert event["data"]["by"]["role"] == "lead"
    shown = await intake.get("reviewer", f"/intake/v1/inspections/{inspection}")
    assert (shown["state"], shown["found"]["all"], shown["may"]) == ("voided", 0, [])
    states = [
        (await intake.get("reviewer", f"/intake/v1/findings/{one}"))["state"] for one in (finding, replied, withdrawn)
    ]
    assert states == ["voided", "voided", "withdrawn"]
    before = await intake.rows()
    decided = {"outcome": "excused", "private": {"reason": "Theo hồ sơ."}}
    asked = {"of": "reply", "until": "2026-09-15"}
    for who, path, body in (
        ("head", f"findings/{finding}/reply/{{}}", {"accepts": True}),
        ("head", f"findings/{finding}/extension-request/{{}}", asked),
        ("reviewer", f"findings/{finding}/decision/{{}}", decided),
        ("reviewer", f"findings/{replied}/decision/{{}}", decided | {"outcome": "upheld"}),
        ("inspector", f"findings/{finding}/withdrawal/{{}}", REASON),
        ("inspector", "findings/{}", recording(inspection)),
        ("lead", f"inspections/{inspection}/correction/{{}}", AGAIN),
        ("lead", f"inspections/{inspection}/team/{{}}", {"add": ["lead"]}),
        ("head", f"inspections/{inspection}/acknowledgement/{{}}", {}),
        ("reviewer", f"inspections/{inspection}/voiding/{{}}", REASON),
    ):
        refused = (await intake.put(who, path.format(fresh()), body, 409)).json()
        assert refused["type"] == "/problems/wrong-state", path
    assert await intake.rows() == before
    open_ones = await intake.service.pool.fetchval("SELECT count(*) FROM intake.deadline WHERE state = 'open'")
    assert open_ones == 0


async def test_a_voiding_in_a_batch_holds_for_its_later_lines(intake: Intake) -> None:
    inspection, finding = await closed(intake), fresh()
    await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03"))
    [done, refused, late] = await intake.batch(
        "lead",
        [
            (f"inspections/{inspection}/voiding/{fresh()}", REASON),
            (f"findings/{finding}/withdrawal/{fresh()}", REASON),
            (f"findings/{fresh()}", recording(inspection)),
        ],
    )
    assert (done["status"], refused["status"], late["status"]) == (201, 409, 409)
    assert (await intake.get("lead", f"/intake/v1/findings/{finding}"))["state"] == "voided"


async def test_who_voids_and_why(intake: Intake) -> None:
    inspection = await opened(intake)
    for who, status in (("inspector", 403), ("head", 403), ("auditor", 403), ("lead-elsewhere", 404)):
        await void(intake, inspection, status, who)
    path = f"inspections/{inspection}/voiding/{fresh()}"
    refused = (await intake.put("lead", path, {}, 422)).json()
    assert [error["pointer"] for error in refused["errors"]] == ["/private/reason"]
    assert (await void(intake, fresh(), 409)).json()["type"] == "/problems/not-yet-known"
    await void(intake, inspection, who="reviewer")
    assert (await void(intake, inspection, 409)).json()["type"] == "/problems/wrong-state"
