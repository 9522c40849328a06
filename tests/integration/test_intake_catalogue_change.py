"""The catalogue changes while a phone is away: what was opened under the earlier version is filed and judged by it."""

import base64
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.domain.catalogue import Catalogue
from services.domain.rulefiles import load_catalogues
from services.intake import app as intake_app
from tests.support.intake import fresh, opening, populate, recording, running_intake

BEFORE, AFTER = datetime(2026, 9, 30, 1, 0, tzinfo=UTC), datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
OPENED, CAPTURED = "2026-09-30T07:30:00+07:00", "2026-09-30T07:45:00+07:00"


def newer(earlier: Catalogue) -> Catalogue:
    """A version without A02, in which B01 is no longer a reminder."""
    codes = {code: entry for code, entry in earlier.codes.items() if code != "A02"}
    codes["B01"] = replace(codes["B01"], severity=2)
    return replace(earlier, version="2026.4", valid_from=date(2026, 10, 1), codes=codes)


async def filed(intake: Any, status: int = 201, **changes: Any) -> dict[str, Any]:
    answer = await intake.put("inspector", f"findings/{fresh()}", recording(**changes), status)
    body: dict[str, Any] = answer.json()
    return body if status != 201 else json.loads(base64.b64decode(body["event"]))["data"]


async def test_a_form_of_the_earlier_version_is_accepted_for_what_was_opened_under_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspection, later = fresh(), fresh()
    async with running_intake(settings) as intake:
        await populate(intake)
        intake.clock.set(BEFORE)
        await intake.put("inspector", f"inspections/{inspection}", opening(opened_at=OPENED))
        tokens = intake.tokens
    [earlier] = load_catalogues()
    monkeypatch.setattr(intake_app, "load_catalogues", lambda: [earlier, newer(earlier)])
    async with running_intake(settings) as intake:
        intake.tokens = tokens
        intake.clock.set(AFTER)
        gone = await filed(intake, inspection=inspection, code="A02", captured_at=CAPTURED)
        assert (gone["catalogue"], gone["severity"]) == ("2026.1", 1)
        changed = await filed(intake, inspection=inspection, code="B01", captured_at=CAPTURED)
        assert (changed["catalogue"], changed["severity"]) == ("2026.1", 1)
        await intake.put("inspector", f"inspections/{later}", opening(opened_at="2026-10-01T07:30:00+07:00"))
        now = {"inspection": later, "captured_at": "2026-10-01T07:45:00+07:00"}
        refused = await filed(intake, 422, code="A02", **now)
        assert [error["pointer"] for error in refused["errors"]] == ["/code"]
        assert (await filed(intake, code="B01", **now))["severity"] == 2
