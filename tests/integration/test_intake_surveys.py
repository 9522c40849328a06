"""Surveys: counts of people asked, that a reviewer records of any unit, and what is refused of them."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.kernel.process.settings import Settings
from tests.support.intake import UNIT, Intake, fresh, populate, running_intake

COUNTED = {"unit": UNIT, "quarter": "2026-Q3", "source": "SIPAS", "asked": 120, "answered": 80, "satisfied": 71}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


async def test_a_survey_is_recorded_under_the_writes_id_and_its_event_has_the_counts(intake: Intake) -> None:
    key = fresh()
    answer = (await intake.put("reviewer", f"surveys/{key}", COUNTED)).json()
    assert (answer["unit"], answer["state"], answer["quarter"]) == (UNIT, "recorded", "2026-Q3")
    event = json.loads(base64.b64decode(answer["event"]))
    assert (event["id"], event["type"], event["subject"]) == (key, "kycuong.survey.recorded.v1", f"survey/{key}")
    by = event["data"].pop("by")
    assert event["data"] == {name: value for name, value in COUNTED.items() if name != "unit"}
    assert by["role"] == "reviewer"
    again = await intake.put("reviewer", f"surveys/{key}", COUNTED, 200)
    assert again.json() == answer
    other = await intake.put("reviewer", f"surveys/{key}", COUNTED | {"satisfied": 70}, 409)
    assert other.json()["type"] == "/problems/id-reused"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"satisfied": 81}, "/satisfied"),
        ({"answered": 121, "satisfied": 1}, "/answered"),
        ({"satisfied": -1}, "/satisfied"),
        ({"asked": "120"}, "/asked"),
        ({"asked": True}, "/asked"),
        ({"unit": "xa-khong-co"}, "/unit"),
        ({"quarter": "2026-Q5"}, "/quarter"),
        ({"quarter": "2099-Q4"}, "/quarter"),
        ({"quarter": "2020-Q1"}, "/unit"),
        ({"source": ""}, "/source"),
        ({"source": "12"}, "/source"),
        ({"source": "a" * 61}, "/source"),
        ({"source": "Nguyễn Văn A 0912345678"}, "/source"),
        ({"note": "x"}, "/note"),
    ],
)
async def test_what_cannot_be_counted_is_refused_where_it_stands(
    intake: Intake, change: dict[str, Any], pointer: str
) -> None:
    before = await intake.rows()
    refused = (await intake.put("reviewer", f"surveys/{fresh()}", COUNTED | change, 422)).json()
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert await intake.rows() == before


@pytest.mark.parametrize("missing", COUNTED)
async def test_every_field_is_needed(intake: Intake, missing: str) -> None:
    body = {name: value for name, value in COUNTED.items() if name != missing}
    refused = (await intake.put("reviewer", f"surveys/{fresh()}", body, 422)).json()
    assert [error["pointer"] for error in refused["errors"]] == [f"/{missing}"]


async def test_only_a_reviewer_records_one(intake: Intake) -> None:
    for role in ("inspector", "lead", "head", "admin"):
        assert (await intake.put(role, f"surveys/{fresh()}", COUNTED, 403)).json()["status"] == 403
