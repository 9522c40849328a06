"""What a closing says for the minutes: sealed part by part, committed to in the event, erasable, and bounded."""

import base64
import json
from typing import Any

import pytest
import pytest_asyncio

from tests.support.intake import Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event

SIGNATURE = {"w": 600, "h": 200, "strokes": [[10, 20, 30, 40, 50, 60], [5, 5]]}
WORDS: dict[str, Any] = {
    "opinion": "Đơn vị đồng ý.",
    "refusal": "Người đại diện CANARY-REFUSAL",
    "minutes": {
        "number": "12/BB-ĐKT", "place": "Trụ sở CANARY-PLACE", "secretary": "Thư ký Ví Dụ",
        "representative": {"name": "Nguyễn Văn CANARY-NAME", "post": "Phó Chủ tịch"},
        "demands": "Chấn chỉnh việc đeo thẻ.", "demands_due": "2026-09-15", "copies": 3,
    },
    "signatures": {"unit": SIGNATURE, "leader": SIGNATURE},
    "position": {"lat": 21028511, "lon": 105804817, "accuracy": 12},
    "fill": [{"event": "question", "node": "/present", "start": 1, "end": 2, "old": "44", "new": "43"}],
}  # fmt: skip


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def inspection(intake: Intake) -> str:
    opened = fresh()
    await intake.put("inspector", f"inspections/{opened}", opening())
    await intake.put("inspector", f"findings/{fresh()}", recording(opened))
    return opened


async def test_each_part_is_sealed_by_itself_and_the_event_only_commits_to_it(intake: Intake, inspection: str) -> None:
    path, body = f"inspections/{inspection}/closing/{fresh()}", closing(private=WORDS)
    first = await intake.put("inspector", path, body)
    event = base64.b64decode(first.json()["event"])
    validate_event(event)
    assert json.loads(event)["data"]["commitments"].keys() == WORDS.keys()
    assert b"CANARY" not in event and b"21028511" not in event
    assert (await intake.put("inspector", path, body, 200)).content == first.content
    assert (await intake.get("inspector", f"/intake/v1/inspections/{inspection}"))["private"] == WORDS


@pytest.mark.parametrize("part", WORDS)
async def test_another_word_in_any_part_is_another_closing(intake: Intake, inspection: str, part: str) -> None:
    path = f"inspections/{inspection}/closing/{fresh()}"
    await intake.put("inspector", path, closing(private=WORDS))
    other = {name: value for name, value in WORDS.items() if name != part}
    assert (await intake.put("inspector", path, closing(private=other), 409)).json()["type"] == "/problems/id-reused"


async def test_an_erased_part_is_gone_and_the_others_stay(intake: Intake, inspection: str) -> None:
    closed, asked = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}/closing/{closed}", closing(private=WORDS))
    request = {"event": closed, "parts": ["signatures", "minutes"], "private": {"reason": "Người đại diện yêu cầu."}}
    await intake.put("reviewer", f"erasures/{asked}", request)
    await intake.put("auditor", f"erasures/{asked}/approval/{fresh()}", {})
    private = (await intake.get("reviewer", f"/intake/v1/inspections/{inspection}"))["private"]
    assert private.pop("erased").keys() == {"signatures", "minutes"}
    assert private == WORDS | {"signatures": None, "minutes": None}


@pytest.mark.parametrize(
    ("private", "pointer"),
    [
        ({"signatures": {"unit": SIGNATURE | {"strokes": [[1, 2, 3]]}}}, "/private/signatures/unit/strokes"),
        ({"signatures": {"unit": SIGNATURE | {"strokes": [[1, 2] * 2001]}}}, "/private/signatures/unit/strokes"),
        ({"signatures": {"unit": SIGNATURE | {"strokes": [[1, 2001]]}}}, "/private/signatures/unit/strokes/0/1"),
        ({"signatures": {"unit": SIGNATURE | {"w": 0}}}, "/private/signatures/unit/w"),
        ({"signatures": {"mayor": SIGNATURE}}, "/private/signatures/mayor"),
        ({"position": {"lat": 1, "lon": 2}}, "/private/position"),
        ({"position": {"refused": False}}, "/private/position/refused"),
        ({"minutes": {"copies": 0}}, "/private/minutes/copies"),
        ({"minutes": {"representative": {"post": "Chủ tịch"}}}, "/private/minutes/representative/name"),
        ({"minutes": {"demands_due": "2026-02-30"}}, "/private/minutes/demands_due"),
        ({"fill": [WORDS["fill"][0] | {"old": "x" * 101}]}, "/private/fill/0/old"),
    ],
)
async def test_what_is_wrong_with_a_part_is_named(
    intake: Intake, inspection: str, private: dict[str, Any], pointer: str
) -> None:
    answer = await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing(private=private), 422)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_nothing_said_is_the_same_as_no_part(intake: Intake, inspection: str) -> None:
    path = f"inspections/{inspection}/closing/{fresh()}"
    first = await intake.put("inspector", path, closing(private={"minutes": {}, "signatures": {}, "fill": []}))
    assert (await intake.put("inspector", path, closing(private={}), 200)).content == first.content


async def test_the_units_head_sees_the_units_own_part_and_nobody_of_the_team(intake: Intake, inspection: str) -> None:
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing(private=WORDS))
    seen = (await intake.get("head", f"/intake/v1/inspections/{inspection}"))["private"]
    minutes = {name: value for name, value in WORDS["minutes"].items() if name != "secretary"}
    assert seen == {
        "opinion": WORDS["opinion"], "refusal": WORDS["refusal"], "minutes": minutes, "signatures": {"unit": SIGNATURE},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("device_at", "flags"),
    [
        ("2026-09-01T07:57:00+07:00", []),
        ("2026-09-02T07:58:00+07:00", ["clock_skew"]),
        ("2026-09-01T07:52:59+07:00", ["clock_skew"]),
    ],
)
async def test_a_clock_that_is_far_off_is_flagged_and_changes_no_deadline(
    intake: Intake, inspection: str, device_at: str, flags: list[str]
) -> None:
    body = closing(device_at=device_at, elapsed_ms=1_680_000)
    answer = (await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", body)).json()
    event = base64.b64decode(answer["event"])
    validate_event(event)
    data = json.loads(event)["data"]
    assert (answer["flags"], data["flags"], data["device_at"], data["elapsed_ms"]) == (
        flags,
        flags,
        device_at,
        1_680_000,
    )
    assert answer["reply_due"] == "2026-09-09T16:59:59.999Z"


@pytest.mark.parametrize("elapsed", [-1, 10**10 + 1, 1.5, "3"])
async def test_a_wrong_elapsed_time_is_named(intake: Intake, inspection: str, elapsed: Any) -> None:
    path = f"inspections/{inspection}/closing/{fresh()}"
    refused = await intake.put("inspector", path, closing(elapsed_ms=elapsed), 422)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/elapsed_ms"]
