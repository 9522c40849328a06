"""Every type of event that intake emits is what its published schema says: each kind of write, and the system's own."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from services.domain.rulefiles import calendar_files
from services.intake.cases import deadlines as lapses
from services.intake.people import accounts
from services.intake.rounds.drawing import draw_due
from services.kernel.log.note import Signer
from services.kernel.process.settings import Settings
from tests.support.intake import (
    NOW,
    UNIT,
    Intake,
    closing,
    fresh,
    opening,
    populate,
    recording,
    register,
    running_intake,
)
from tests.support.photos import jpeg, listed, scene
from tests.support.schemas import kinds, validate_event

PICTURE = jpeg(scene(64, 48))
REASON = {"private": {"reason": "Theo hồ sơ giải trình."}}


@pytest_asyncio.fixture
async def intake(settings: Settings) -> AsyncIterator[Intake]:
    async with running_intake(settings) as intake:
        yield await populate(intake)


async def _directory(intake: Intake) -> None:
    """Each kind of unit change, with every optional field there and not there."""
    for unit in ("xa-cu-mot", "xa-cu-hai", "xa-cu-ba"):
        await intake.put("admin", f"unit-changes/{fresh()}", register(unit, valid_from="2020-01-01"))
    merge = {"kind": "merge", "from": ["xa-cu-mot", "xa-cu-hai"], "to": [UNIT], "valid_from": "2025-07-01"}
    split = {"kind": "split", "from": ["xa-cu-ba"], "to": [UNIT, "xa-phu-lam"], "valid_from": "2026-07-01"}
    renamed = {"name": "Xã Cũ", "group": "other", "parent": None}
    for change in (
        {"change": "amend", "unit": UNIT, "valid_from": "2026-01-01", "staff": 36},
        {"change": "amend", "unit": "xa-cu-ba", "valid_from": "2026-01-01"} | renamed,
        {"change": "succeed", "basis": "NQ 202/2025/QH15"} | merge,
        {"change": "succeed", "basis": "NQ 202/2025/QH15", "cases_to": "xa-phu-lam"} | split,
    ):
        await intake.put("admin", f"unit-changes/{fresh()}", change)
    await intake.put("admin", f"unit-changes/{fresh()}", register("xa-tam-thoi"))
    await intake.put(
        "admin", f"unit-changes/{fresh()}", {"change": "close", "unit": "xa-tam-thoi", "valid_to": "2026-08-31"}
    )


async def _inspection(intake: Intake) -> tuple[str, list[str]]:
    """An inspection with everything a phone may send, clocks that were wrong included."""
    inspection, findings = fresh(), [fresh() for _ in range(6)]
    sent = opening(team=["colleague"], device_at="2026-09-01T07:29:58.123+07:00")
    await intake.put("inspector", f"inspections/{inspection}", sent)
    photos = [
        {"sha256": "0" * 64, "bytes": 1000, "type": "image/jpeg"},
        {"sha256": "1" * 64, "bytes": 1, "type": "image/jpeg"},
    ]
    seen = {"narrative": "Vắng mặt,\nkhông ai biết lý do.", "persons": ["Một cán bộ"]}
    bodies = (
        recording(inspection),
        recording(inspection, code="A03", count=1, private=seen, photos=photos, device_at="2026-09-01T00:45:12Z"),
        recording(inspection, code="C04", count=1, photos=[listed(PICTURE)]),
        recording(inspection, code="K00", count=1, captured_at="2026-09-01T07:15:00+07:00"),
        recording(inspection, code="B04", count=9_999, private={}),
    )
    for finding, body in zip(findings, bodies, strict=False):
        await intake.put("inspector", f"findings/{finding}", body)
    sent = {"content-type": "image/jpeg"}
    await intake.put("inspector", f"findings/{findings[2]}/photos/1", PICTURE, **sent)
    cover = {"boxes": [{"x": 0, "y": 0, "width": 10, "height": 10}]}
    await intake.put("reviewer", f"findings/{findings[2]}/photos/1/redactions/{fresh()}", cover)
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    await intake.put(
        "inspector", f"inspections/{inspection}/team/{fresh()}", {"add": ["lead"], "remove": ["colleague"]}
    )
    again = closing(private={"opinion": "Đồng ý.", **REASON["private"]})
    await intake.put("lead", f"inspections/{inspection}/correction/{fresh()}", again)
    late = recording(inspection, code="F02", count=1, captured_at="2026-09-01T07:50:00+07:00")
    await intake.put("inspector", f"findings/{findings[5]}", late)
    return inspection, findings


async def _answers(intake: Intake, inspection: str, findings: list[str]) -> None:
    await intake.put("head", f"inspections/{inspection}/acknowledgement/{fresh()}", {})
    asked = {"of": "reply", "until": "2026-09-15", "private": {"reason": "Cán bộ đi công tác."}}
    await intake.put("head", f"findings/{findings[0]}/extension-request/{fresh()}", asked)
    await intake.put("head", f"findings/{findings[0]}/reply/{fresh()}", {"accepts": True})
    reply = {"accepts": False, "private": {"text": "Cán bộ đi công tác."}, "files": [listed(PICTURE)]}
    await intake.put("head", f"findings/{findings[1]}/reply/{fresh()}", reply)
    await intake.put("reviewer", f"findings/{findings[1]}/decision/{fresh()}", {"outcome": "excused", **REASON})
    await intake.put("reviewer", f"findings/{findings[2]}/decision/{fresh()}", {"outcome": "referred", **REASON})
    await intake.put("inspector", f"findings/{findings[4]}/withdrawal/{fresh()}", REASON)
    mistaken = fresh()
    await intake.put("inspector", f"inspections/{mistaken}", opening())
    await intake.put("lead", f"inspections/{mistaken}/voiding/{fresh()}", REASON)
    praise = {"unit": UNIT, "code": "K03", "date": "2026-08-20"}
    await intake.put("reviewer", f"commendations/{fresh()}", praise | {"private": {"text": "Dân khen."}})
    await intake.put("reviewer", f"commendations/{fresh()}", praise)
    counted = {"unit": UNIT, "quarter": "2026-Q3", "source": "SIPAS", "asked": 120, "answered": 80, "satisfied": 71}
    await intake.put("reviewer", f"surveys/{fresh()}", counted)


async def _steps(intake: Intake) -> None:
    """What may follow a reply and a decision, of four findings."""
    inspection, (corrected, appealed, kept, late) = fresh(), [fresh() for _ in range(4)]
    await intake.token("reviewer", account="another")
    await intake.put("inspector", f"inspections/{inspection}", opening())
    for finding, code in ((corrected, "A03"), (appealed, "A05"), (kept, "F04"), (late, "A03")):
        await intake.put("inspector", f"findings/{finding}", recording(inspection, code=code, count=1))
    await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    upheld, more = {"outcome": "upheld", **REASON}, {"until": "2026-09-25", **REASON}
    right = {"code": "A05", "count": 2, "captured_at": "2026-09-01T07:45:12+07:00", "device_at": "2026-09-01T00:45:12Z"}
    answered = {"accepts": False}
    for who, finding, noun, body in (
        ("inspector", corrected, "correction", right | REASON),
        ("reviewer", corrected, "extension", more | {"of": "reply"}),
        ("head", corrected, "reply", answered),
        ("lead", corrected, "correction", right | {"private": {"narrative": "Vắng mặt.", "reason": "Sai mã."}}),
        ("reviewer", corrected, "decision", {"outcome": "excused", **REASON}),
        ("another", corrected, "reopening", REASON),
        ("head", appealed, "reply", answered),
        ("reviewer", appealed, "decision", upheld),
        ("head", appealed, "appeal", {"private": {"text": "Cán bộ đi công tác."}}),
        ("another", appealed, "second-review", {"outcome": "excused", **REASON}),
        ("another", appealed, "decision", upheld),
        ("head", appealed, "remedy-plan", {"feasible": False, "private": {"actions": "Cán bộ đi công tác."}}),
        ("head", appealed, "extension-request", more | {"of": "remedy", "until": "2026-10-01"}),
        ("reviewer", appealed, "extension", more | {"of": "remedy"}),
        ("head", appealed, "remedy-plan", {"feasible": True, "due": "2026-09-18"}),
        ("head", appealed, "remedy-report", {"done_on": "2026-09-01", "private": {"text": "Cán bộ đi công tác."}}),
        ("lead", appealed, "remedy-verification", {"outcome": "refused", **REASON}),
        ("head", appealed, "remedy-report", {"done_on": "2026-09-01"}),
        ("reviewer", appealed, "remedy-verification", {"outcome": "verified", **REASON}),
        ("reviewer", kept, "release", REASON),
        ("head", late, "reply", answered),
        ("reviewer", late, "decision", upheld),
    ):
        if noun == "second-review":  # as if the log had drawn it, for no log runs here
            draw = "INSERT INTO intake.second_review (finding, decided_at) VALUES ($1, now())"
            await intake.service.pool.execute(draw, finding)
        await intake.put(who, f"findings/{finding}/{noun}/{fresh()}", body)
    await intake.put("head", f"findings/{late}/remedy-plan/{fresh()}", {"feasible": False})
    link = await intake.put("reviewer", f"findings/{late}/person-links/{fresh()}", {"expires": "2026-09-20"})
    said = {"text": "Cán bộ đi công tác."}
    assert (await intake.client.post(link.json()["link"], json=said)).status_code == 201
    waived = fresh()
    await intake.put("inspector", f"findings/{waived}", recording(inspection))
    await intake.put("head", f"findings/{waived}/reply/{fresh()}", {"accepts": True})
    await intake.put("head", f"findings/{waived}/remedy-plan/{fresh()}", {"feasible": False})
    await intake.put("reviewer", f"findings/{waived}/remedy-verification/{fresh()}", {"outcome": "verified"})


async def _erasure_and_key(intake: Intake, finding: str) -> None:
    """A finding's words are erased, and another key will sign the log."""
    erasure = fresh()
    await intake.put(
        "reviewer", f"erasures/{erasure}", {"event": finding, "parts": ["persons", "narrative", "photo.2"], **REASON}
    )
    await intake.put("auditor", f"erasures/{erasure}/approval/{fresh()}", {})
    await intake.put("admin", f"log-keys/{fresh()}", {"vkey": Signer.generate(intake.service.settings.origin).vkey})


async def _round(intake: Intake) -> None:
    """A round with everything that one may have, drawn and assigned; one that replaces it."""
    first, second = fresh(), fresh()
    whole = {
        "basis": "15/KH-SNV", "kind": "unannounced", "from": "2026-10-01", "to": "2026-12-15",
        "strata": [{"group": "xa", "size": 1}], "exclude": ["xa-cu-mot"],
        "chosen": [{"unit": UNIT, "selection": "complaint"}],
        "beacon": {"name": "XSMB, giải đặc biệt", "date": "2026-09-02", "pattern": "^[0-9]{5}$"},
    }  # fmt: skip
    await intake.put("lead", f"rounds/{first}", whole)
    for planned in (first, second):
        if planned == second:
            await intake.put("lead", f"rounds/{second}", whole | {"replaces": first})
        mark = "UPDATE intake.round SET idx = 1, root = decode(repeat('aa', 32), 'hex') WHERE id = $1"
        await intake.service.pool.execute(mark, planned)
    intake.clock.set(NOW + timedelta(days=2))
    await intake.put("reviewer", f"rounds/{second}/beacon/{fresh()}", {"value": "48213"})
    assert await draw_due(intake.service) == 1
    going = {"unit": UNIT, "opener": "inspector", "team": ["colleague"], "from": "2026-10-01", "to": "2026-10-02"}
    assignment = fresh()
    await intake.put("lead", f"rounds/{second}/assignments/{assignment}", going)
    sent = opening(assignment=assignment, opened_at="2026-09-03T07:30:00+07:00")
    assert (await intake.put("inspector", f"inspections/{fresh()}", sent)).json()["flags"] == ["off_plan"]
    await intake.put("lead", f"rounds/{second}/closing/{fresh()}", {"private": {"note": "Dân khen."}})


async def _time_passes(intake: Intake) -> None:
    """The head leaves, deadlines lapse, the quarter is closed."""
    service = intake.service
    async with service.pool.acquire() as connection:
        post = await connection.fetchval(
            "SELECT id FROM identity.appointment WHERE role = 'unit_head' AND unit = $1 LIMIT 1", UNIT
        )
        assert await accounts.end_appointment(connection, service.settings.source, post, intake.clock.now())
        # the alert counts from its entry in the log, and no log runs here: say that it is there
        await connection.execute("UPDATE intake.deadline SET lapse_after = due WHERE state = 'open'")
    for days in (7, 21):  # a reply is due on the 9th day, a remedy on the 23rd
        intake.clock.set(NOW + timedelta(days=days))
        await lapses.sweep(service, intake.clock.now())
    intake.clock.set(NOW + timedelta(days=60))
    await lapses.sweep(service, intake.clock.now())
    for edition in ("flash", "official"):
        closing = fresh()
        await intake.put("reviewer", f"quarters/2026-Q3/closing/{closing}", {"edition": edition})
        told = {"closing": closing, "cards_root": b64encode(bytes(32)).decode()}
        await intake.put("reviewer", f"quarters/2026-Q3/publication/{fresh()}", told)
    exported = {"quarter": "2026-Q3", "format": "pdf"}
    await intake.put("reviewer", f"exports/{fresh()}", exported)
    await intake.put("reviewer", f"exports/{fresh()}", exported | {"unit": UNIT, "edition": "flash"})
    restatement = fresh()
    await intake.put("reviewer", f"quarters/2026-Q3/restatement/{restatement}", REASON)
    told = {"closing": restatement, "cards_root": b64encode(bytes(32)).decode()}
    await intake.put("reviewer", f"quarters/2026-Q3/publication/{fresh()}", told)
    calendar = json.loads(calendar_files()[-1][1]) | {"version": "2027.1"}
    await intake.put("admin", f"calendars/{fresh()}", {"file": json.dumps(calendar)})


async def test_every_emitted_event_is_what_its_schema_says(intake: Intake) -> None:
    await _directory(intake)
    inspection, findings = await _inspection(intake)
    await _answers(intake, inspection, findings)
    await _steps(intake)
    await _erasure_and_key(intake, findings[1])
    await _round(intake)
    await _time_passes(intake)
    raw = await intake.event_bytes()
    events = [validate_event(one) for one in raw]
    assert sorted({event["dataschema"].removeprefix("kycuong:") for event in events}) == kinds()
    assert len({event["id"] for event in events}) == len(events)
    for unit in {event["unit"] for event in events}:
        numbers = [event["unitseq"] for event in events if event["unit"] == unit]
        assert numbers == list(range(1, len(numbers) + 1)), unit
    _no_private_word(raw, intake)


def _no_private_word(raw: list[bytes], intake: Intake) -> None:
    """No account, narrative, name, reason or bare photo hash is in any event."""
    log = b"\n".join(raw).decode()
    for word in ("Một cán bộ", "không ai biết", "Theo hồ sơ", "Dân khen", "đi công tác", "Đồng ý.", "0" * 64, "1" * 64):
        assert word not in log
    for account in ("colleague", "unit-head", 'another"'):
        assert account not in log
    by = {json.dumps(json.loads(one)["data"]["by"]) for one in raw}
    assert all(set(json.loads(one)) <= {"role", "ref"} for one in by)
    assert intake.tokens["inspector"] not in log
