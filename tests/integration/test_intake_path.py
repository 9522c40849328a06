"""The path of a case through intake, from the opening to the decision."""

import base64
import json

from tests.support.intake import UNIT, closing, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event


async def test_a_case_goes_its_way(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        inspection, finding = fresh(), fresh()
        await intake.put("inspector", f"inspections/{inspection}", opening())
        first = await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03", count=1))
        again = await intake.put("inspector", f"findings/{finding}", recording(inspection, code="A03", count=1), 200)
        assert first.content == again.content
        answer = first.json()
        assert answer["unit"] == UNIT and answer["state"] == "recorded" and answer["flags"] == []
        assert answer["receipt"] == f"/audit/v1/receipts/{finding}"
        event = json.loads(base64.b64decode(answer["event"]))
        assert event["id"] == finding and event["unitseq"] == answer["unit_seq"]
        closed = await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
        assert closed.json()["reply_due"] == "2026-09-09T16:59:59.999Z"
        await intake.put("head", f"inspections/{inspection}/acknowledgement/{fresh()}", {})
        decision = {"outcome": "upheld", "private": {"reason": "Rõ ràng."}}
        refused = await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision, 409)
        assert refused.json()["type"] == "/problems/reply-window-open"
        await intake.put(
            "head", f"findings/{finding}/reply/{fresh()}", {"accepts": False, "private": {"text": "Có phép."}}
        )
        await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision)
        events = await intake.events()
        for raw in await intake.event_bytes():
            validate_event(raw)
        assert [event["type"].split(".", 1)[1] for event in events if event["unit"] == UNIT] == [
            "unit.registered.v1",
            "post.assumed.v1",
            "inspection.opened.v1",
            "finding.recorded.v1",
            "inspection.closed.v1",
            "inspection.acknowledged.v1",
            "finding.replied.v1",
            "finding.decided.v1",
        ]
        assert [event["unitseq"] for event in events if event["unit"] == UNIT] == list(range(1, 9))
        shown = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
        assert shown["private"] == {"reply": {"text": "Có phép."}, "decision": {"reason": "Rõ ràng."}}
