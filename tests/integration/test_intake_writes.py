"""Accepted writes: repeats, twins, flags, the rules of a case, and what the events say."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from services.intake.directory.store import load_directory
from services.intake.findings import store as findings
from services.intake.inspections import store as inspections
from services.intake.vault.sealing import Sealed, commitment
from services.kernel.envelope import derived_id
from tests.support.intake import UNIT, closing, fresh, opening, populate, put_line, recording, register, running_intake
from tests.support.schemas import validate_event


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)
        for raw in await intake.event_bytes():
            validate_event(raw)
        await gapless(intake)


async def gapless(intake):
    numbers: dict[str, list[int]] = {}
    for event in await intake.events():
        numbers.setdefault(event["unit"], []).append(event["unitseq"])
    assert all(given == list(range(1, len(given) + 1)) for given in numbers.values()), numbers


@pytest_asyncio.fixture
async def inspection(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening(team=["colleague"]))
    return inspection


async def record(intake, inspection, who="inspector", status=201, **changes):
    finding = fresh()
    answer = await intake.put(who, f"findings/{finding}", recording(inspection, **changes), status)
    return finding, answer.json()


async def close(intake, inspection, **changes):
    path = f"inspections/{inspection}/closing/{fresh()}"
    return (await intake.put("inspector", path, closing(**changes))).json()


def event_of(answer):
    return json.loads(base64.b64decode(answer["event"]))


async def slug(intake, who, path, body, status=409):
    before = await intake.rows()
    answer = await intake.put(who, path, body, status)
    assert await intake.rows() == before
    return answer.json()["type"].removeprefix("/problems/")


def decision(outcome="upheld"):
    return {"outcome": outcome, "private": {"reason": "Đủ căn cứ."}}


REPLY = {"accepts": False, "private": {"text": "Có lý do."}}


# repeats


async def test_a_repeat_gets_the_very_same_answer_whatever_its_spelling(intake, inspection):
    finding = fresh()
    body = recording(inspection, code="A03", private={"narrative": "Vắng mặt\nlúc 8 giờ", "persons": ["Ông Ấ"]})
    first = await intake.put("inspector", f"findings/{finding}", body)
    spaced = json.dumps(dict(reversed(body.items())), indent=3, ensure_ascii=False).encode()
    decomposed = json.dumps(body, ensure_ascii=False).replace("Ấ", "Â\u0301").replace("ắ", "a\u0306\u0301").encode()
    device = body | {"device": {"id": fresh(), "n": 1, "prev": None, "sig": "x"}}
    for again in (body, spaced, decomposed, device):
        repeat = await intake.put("inspector", f"findings/{finding}", again, 200)
        assert repeat.content == first.content
    assert await intake.count("intake.finding") == 1


async def test_other_content_or_another_noun_is_id_reused(intake, inspection):
    finding, _ = await record(intake, inspection, code="A03", private={"narrative": "Một"})
    path, body = f"findings/{finding}", recording(inspection, code="A03", private={"narrative": "Một"})
    for other in (
        body | {"count": 4},
        body | {"private": {"narrative": "Hai"}},
        body | {"private": {}},
        body | {"code": "A02"},
        body | {"captured_at": "2026-09-01T00:45:12Z"},
        body | {"photos": []},
        body | {"nonsense": 1},
        [],
        {"count": "x"},
    ):
        assert await slug(intake, "inspector", path, other) == "id-reused"
    assert await slug(intake, "inspector", f"inspections/{finding}", opening()) == "id-reused"
    assert await slug(intake, "inspector", f"inspections/{inspection}/closing/{finding}", closing()) == "id-reused"
    assert await slug(intake, "inspector", f"inspections/{inspection}/closing/{inspection}", closing()) == "id-reused"


async def test_of_concurrent_twins_one_is_201_and_the_others_200(intake, inspection):
    for _ in range(5):
        finding = fresh()
        answers = await asyncio.gather(
            *(intake.put("inspector", f"findings/{finding}", recording(inspection), None) for _ in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.content for answer in answers}) == 1


async def test_twins_through_two_processes(settings, intake, inspection):
    async with running_intake(settings) as second:
        second.tokens = intake.tokens
        for _ in range(10):
            finding = fresh()
            path, body = f"findings/{finding}", recording(inspection, code="A03", private={"narrative": "Hai máy."})
            answers = await asyncio.gather(
                *(which.put("inspector", path, body, None) for which in (intake, second, intake, second))
            )
            assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
            assert len({answer.content for answer in answers}) == 1
        # and a new pseudonym, a new unit, given by both at once
        openings = [
            which.put("colleague", f"inspections/{fresh()}", opening("xa-phu-lam"), None) for which in (intake, second)
        ]
        assert [answer.status_code for answer in await asyncio.gather(*openings)] == [201, 201]
        changes = [
            which.put("admin", f"unit-changes/{fresh()}", register("xa-moi"), None) for which in (intake, second)
        ]
        assert sorted(answer.status_code for answer in await asyncio.gather(*changes)) == [201, 409]
        seen = [which.get("admin", "/intake/v1/units") for which in (intake, second)]
        first, other = await asyncio.gather(*seen)
        assert first == other and "xa-moi" in [unit["unit"] for unit in first["items"]]


async def test_a_lone_write_whose_name_another_process_has_given_is_taken(settings, intake, inspection):
    async with running_intake(settings) as second:
        second.tokens = intake.tokens
        await second.put("elsewhere", f"findings/{fresh()}", recording(fresh()), 409)  # it has looked for a name
        for which in (intake, second):
            await which.put("elsewhere", f"inspections/{fresh()}", opening("xa-phu-lam"))


async def test_places_that_fall_out_of_memory_are_not_unknown(intake, inspection, monkeypatch):
    await intake.put("inspector", f"findings/{fresh()}", recording(inspection))  # its place is remembered
    for keeper in (findings, inspections):
        monkeypatch.setattr(keeper, "_REMEMBERED", 0)
    other = fresh()
    lines = [
        put_line(f"inspections/{other}", opening()),
        put_line(f"findings/{fresh()}", recording(inspection)),
        put_line(f"findings/{fresh()}", recording(other)),
    ]
    assert [line["status"] for line in await intake.batch("inspector", lines)] == [201, 201, 201]


async def test_two_processes_that_write_to_the_same_units_leave_no_gap(settings, intake, inspection):
    elsewhere = fresh()
    await intake.put("inspector", f"inspections/{elsewhere}", opening("xa-phu-lam"))
    async with running_intake(settings) as second:
        second.tokens = intake.tokens
        answers = await asyncio.gather(
            *(
                which.put("inspector", f"findings/{fresh()}", recording(where), None)
                for _ in range(60)
                for which in (intake, second)
                for where in (inspection, elsewhere)
            )
        )
        assert {answer.status_code for answer in answers} == {201}
    assert await intake.count("intake.finding") == 240


# the clock


async def test_clock_skew_late_report_and_the_server_s_five_minutes(intake, inspection):
    assert (await record(intake, inspection, captured_at="2026-09-01T06:30:00+07:00"))[1]["flags"] == ["clock_skew"]
    assert await slug(
        intake, "inspector", f"findings/{fresh()}", recording(inspection, captured_at="2026-09-01T06:29:59+07:00"), 422
    )
    assert (await record(intake, inspection, captured_at="2026-09-01T08:05:00+07:00"))[1]["flags"] == []
    ahead = recording(inspection, captured_at="2026-09-01T08:05:00.001+07:00")
    assert await slug(intake, "inspector", f"findings/{fresh()}", ahead, 422) == "invalid"
    intake.clock.set(intake.clock.now() + timedelta(days=8))
    _, late = await record(intake, inspection)
    assert late["flags"] == ["late_report"] and event_of(late)["data"]["flags"] == ["late_report"]
    opened = await intake.put("inspector", f"inspections/{fresh()}", opening())
    assert opened.json()["flags"] == ["late_report"]
    closed = await close(intake, inspection)
    assert closed["flags"] == ["late_report"]


async def test_device_at_and_the_phone_s_words_stand_in_the_event_as_sent(intake, inspection):
    _, answer = await record(
        intake, inspection, device_at="2026-09-01T07:40:00.5+07:00", captured_at="2026-09-01t00:45:12z"
    )
    data = event_of(answer)["data"]
    assert (data["device_at"], data["captured_at"]) == ("2026-09-01T07:40:00.5+07:00", "2026-09-01t00:45:12z")


async def test_after_the_closing_what_was_captured_before_it_is_accepted(intake, inspection):
    await close(intake, inspection)
    intake.clock.set(intake.clock.now() + timedelta(days=2))
    _, answer = await record(intake, inspection, captured_at="2026-09-01T07:58:00+07:00")
    assert event_of(answer)["data"]["reply_due"] == "2026-09-10T16:59:59.999Z"  # five working days from the receipt
    late = recording(inspection, captured_at="2026-09-01T08:58:01+07:00")
    assert await slug(intake, "inspector", f"findings/{fresh()}", late, 422) == "invalid"


async def test_a_colleagues_fast_clock_is_forgiven_up_to_an_hour_after_the_closing(intake, inspection):
    await close(intake, inspection)
    intake.clock.set(intake.clock.now() + timedelta(hours=2))
    for captured_at, flags in (
        ("2026-09-01T07:58:00+07:00", []),
        ("2026-09-01T07:58:01+07:00", ["clock_skew"]),
        ("2026-09-01T08:58:00+07:00", ["clock_skew"]),
    ):
        _, answer = await record(intake, inspection, captured_at=captured_at)
        assert answer["flags"] == flags == event_of(answer)["data"]["flags"]


async def test_the_reply_window_skips_holidays_and_counts_from_the_receipt(intake, inspection):
    # received on Tuesday 1 September 2026; the 2nd is a holiday, 5 and 6 a weekend
    assert (await close(intake, inspection))["reply_due"] == "2026-09-09T16:59:59.999Z"


async def test_rights_hold_if_they_held_when_it_was_captured(intake, inspection):
    async def appointment_until(instant):
        await intake.service.pool.execute(
            "UPDATE identity.appointment SET valid_to = $1 WHERE account = 'inspector'", instant
        )

    captured = datetime(2026, 9, 1, 0, 45, 12, tzinfo=UTC)
    await appointment_until(captured + timedelta(minutes=1))
    await record(intake, inspection)
    await appointment_until(captured - timedelta(minutes=1))
    assert await slug(intake, "inspector", f"findings/{fresh()}", recording(inspection), 403) == "forbidden"
    await appointment_until(captured + timedelta(minutes=1))
    intake.clock.set(captured + timedelta(days=7, seconds=1))
    assert await slug(intake, "inspector", f"findings/{fresh()}", recording(inspection), 403) == "forbidden"


# a case


async def test_one_closing_one_acknowledgement_one_reply_one_decision(intake, inspection):
    finding, _ = await record(intake, inspection)
    assert await slug(intake, "head", f"inspections/{inspection}/acknowledgement/{fresh()}", {}) == "wrong-state"
    await close(intake, inspection)
    assert await slug(intake, "inspector", f"inspections/{inspection}/closing/{fresh()}", closing()) == "wrong-state"
    await intake.put("head", f"inspections/{inspection}/acknowledgement/{fresh()}", {})
    assert await slug(intake, "head", f"inspections/{inspection}/acknowledgement/{fresh()}", {}) == "wrong-state"
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", REPLY)
    assert await slug(intake, "head", f"findings/{finding}/reply/{fresh()}", REPLY) == "wrong-state"
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision())
    assert await slug(intake, "reviewer", f"findings/{finding}/decision/{fresh()}", decision()) == "wrong-state"
    assert (
        await slug(intake, "lead", f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "x"}})
        == "wrong-state"
    )


async def test_a_later_finding_opens_the_alert_again(intake, inspection):
    await close(intake, inspection)
    path = f"inspections/{inspection}/acknowledgement/"
    await intake.put("head", path + fresh(), {})
    await record(intake, inspection, code="K04", count=1)
    await record(intake, inspection, code="C04", count=1)
    assert await slug(intake, "head", path + fresh(), {}) == "wrong-state"  # K and severity 4 are not listed
    await record(intake, inspection)
    await intake.put("head", path + fresh(), {})


async def test_reply_from_recorded_on_and_the_other_outcomes_without_one(intake, inspection):
    early, _ = await record(intake, inspection)
    await intake.put("head", f"findings/{early}/reply/{fresh()}", REPLY)
    for outcome in ("excused", "not_proven", "unfounded", "system_fault"):
        finding, _ = await record(intake, inspection)
        await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision(outcome))
        assert await slug(intake, "head", f"findings/{finding}/reply/{fresh()}", REPLY) == "wrong-state"
    open_one, _ = await record(intake, inspection)
    assert await slug(intake, "reviewer", f"findings/{open_one}/decision/{fresh()}", decision()) == "reply-window-open"
    accepted, _ = await record(intake, inspection)
    await intake.put("head", f"findings/{accepted}/reply/{fresh()}", REPLY | {"accepts": True})
    await intake.put("reviewer", f"findings/{accepted}/decision/{fresh()}", decision("unfounded"))


async def test_only_severity_4_is_referred(intake, inspection):
    for code in ("A01", "A03", "E01"):
        finding, _ = await record(intake, inspection, code=code, count=1)
        await intake.put("head", f"findings/{finding}/reply/{fresh()}", REPLY)
        path = f"findings/{finding}/decision/{fresh()}"
        refused = (await intake.put("reviewer", path, decision("referred"), 422)).json()
        assert [error["pointer"] for error in refused["errors"]] == ["/outcome"]
        assert "mức 4" in refused["errors"][0]["detail"]
        await intake.put("reviewer", path, decision("unfounded"))  # the refused write did not use up its id
    grave, _ = await record(intake, inspection, code="C04", count=1)
    await intake.put("reviewer", f"findings/{grave}/decision/{fresh()}", decision("referred"))


async def test_photos_of_the_manifest_are_committed_to_and_missed(intake, inspection):
    photo = {"sha256": "ab" * 32, "bytes": 1000, "type": "image/jpeg"}
    finding, answer = await record(intake, inspection, photos=[photo])
    data = event_of(answer)["data"]
    assert data["photos"] == 1 and list(data["commitments"]) == ["photo.1"]
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", REPLY)
    assert await slug(intake, "reviewer", f"findings/{finding}/decision/{fresh()}", decision()) == "incomplete"
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision("not_proven"))


async def test_k_codes_take_no_reply_and_no_decision(intake, inspection):
    for code in ("K00", "K04"):
        finding, _ = await record(intake, inspection, code=code, count=1)
        assert await slug(intake, "head", f"findings/{finding}/reply/{fresh()}", REPLY) == "wrong-state"
        assert (
            await slug(intake, "reviewer", f"findings/{finding}/decision/{fresh()}", decision("excused"))
            == "wrong-state"
        )


async def test_severity_four_is_kept_from_the_unit(intake, inspection):
    finding, _ = await record(intake, inspection, code="C04", count=1)
    assert await slug(intake, "head", f"findings/{finding}/reply/{fresh()}", REPLY, 404) == "not-found"
    await intake.get("head", f"/intake/v1/findings/{finding}", 404)
    assert (await intake.get("head", f"/intake/v1/findings?inspection={inspection}"))["items"] == []
    assert len((await intake.get("reviewer", f"/intake/v1/findings?inspection={inspection}"))["items"]) == 1


async def test_a_filer_withdraws_for_a_day_and_a_lead_for_longer(intake, inspection):
    because = {"private": {"reason": "Ghi nhầm."}}
    first, _ = await record(intake, inspection)
    await intake.put("inspector", f"findings/{first}/withdrawal/{fresh()}", because)
    assert await slug(intake, "inspector", f"findings/{first}/withdrawal/{fresh()}", because) == "wrong-state"
    assert await slug(intake, "head", f"findings/{first}/reply/{fresh()}", REPLY) == "wrong-state"
    second, _ = await record(intake, inspection)
    intake.clock.set(intake.clock.now() + timedelta(hours=24))
    third, _ = await record(intake, inspection)
    await intake.put("inspector", f"findings/{second}/withdrawal/{fresh()}", because)
    intake.clock.set(intake.clock.now() + timedelta(hours=24, milliseconds=1))
    assert await slug(intake, "inspector", f"findings/{third}/withdrawal/{fresh()}", because) == "withdrawal-too-late"
    await intake.put("lead", f"findings/{third}/withdrawal/{fresh()}", because)


async def test_the_team_files_and_a_lead_in_scope_needs_no_team(intake, inspection):
    await record(intake, inspection, who="colleague")
    _, answer = await record(intake, inspection, who="lead")
    assert event_of(answer)["data"]["by"]["role"] == "lead"
    await intake.put("lead", f"inspections/{inspection}/closing/{fresh()}", closing())


async def test_commendations_and_the_cut_of_a_quarter(intake):
    body = {"unit": UNIT, "code": "K02", "date": "2026-08-20", "private": {"text": "Mô hình hay."}}
    assert (await intake.put("reviewer", f"commendations/{fresh()}", body)).json()["state"] == "recorded"
    for changes, pointer in (
        ({"code": "A01"}, "/code"),
        ({"date": "2026-09-02"}, "/date"),
        ({"date": "2025-01-01"}, "/unit"),
        ({"unit": "xa-x-y"}, "/unit"),
    ):
        answer = await intake.put("reviewer", f"commendations/{fresh()}", body | changes, 422)
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert "2025-01-01" not in answer.json()["errors"][0]["detail"]  # a day is written 01/01/2025
    closed = (await intake.put("reviewer", f"quarters/2026-Q2/closing/{fresh()}", {"edition": "flash"})).json()
    assert (closed["unit"], closed["state"]) == ("-", "closed")
    await intake.put("reviewer", f"quarters/2026-Q2/closing/{fresh()}", {"edition": "official"})
    for edition in ("flash", "official"):
        assert (
            await slug(intake, "reviewer", f"quarters/2026-Q2/closing/{fresh()}", {"edition": edition})
            == "already-closed"
        )
    barriers = await intake.service.pool.fetch("SELECT unit FROM intake.outbox WHERE barrier")
    assert [row["unit"] for row in barriers] == ["-", "-"]


# units


async def test_a_succession_tells_every_unit_it_touches(intake, inspection):
    finding, _ = await record(intake, inspection)
    await intake.put(
        "admin", f"unit-changes/{fresh()}", register("xa-moi", parent="ubnd-tinh", valid_from="2026-09-01")
    )
    write = fresh()
    body = {
        "change": "succeed",
        "kind": "merge",
        "from": [UNIT, "xa-phu-lam"],
        "to": ["xa-moi"],
        "valid_from": "2026-09-10",
        "basis": "NQ 202/2025/QH15",
    }
    answer = (await intake.put("admin", f"unit-changes/{write}", body)).json()
    assert (answer["unit"], answer["state"]) == (UNIT, "succeed")
    events = [event for event in await intake.events() if event["type"] == "kycuong.unit.succeeded.v1"]
    assert [(event["unit"], event["data"]["side"]) for event in events] == [
        (UNIT, "from"),
        ("xa-phu-lam", "from"),
        ("xa-moi", "to"),
    ]
    assert [event["id"] for event in events] == [
        write,
        *(derived_id(write, "kycuong.unit.succeeded.v1", n) for n in (1, 2)),
    ]
    await intake.token("unit_head", "xa-moi", key="heir")
    assert await slug(intake, "heir", f"findings/{finding}/reply/{fresh()}", REPLY, 404) == "not-found"
    intake.clock.set(datetime(2026, 9, 10, 1, tzinfo=UTC))
    assert await slug(intake, "head", f"findings/{finding}/reply/{fresh()}", REPLY, 403) == "forbidden"
    answer = (await intake.put("heir", f"findings/{finding}/reply/{fresh()}", REPLY)).json()
    assert answer["unit"] == UNIT  # the case stays with the unit it happened in
    for day, status in (("2026-09-09", 201), ("2026-09-10", 422)):
        body = opening(opened_at=f"{day}T08:00:00+07:00")
        await intake.put("inspector", f"inspections/{fresh()}", body, status)


async def test_units_are_read_as_they_were_on_a_day(intake):
    amend = {"change": "amend", "unit": UNIT, "valid_from": "2026-03-01", "name": "Phường Tân Hòa", "group": "phuong"}
    await intake.put("admin", f"unit-changes/{fresh()}", amend)
    await intake.put(
        "admin", f"unit-changes/{fresh()}", {"change": "close", "unit": "xa-phu-lam", "valid_to": "2026-06-30"}
    )
    path = f"unit-changes/{fresh()}"
    assert (
        await slug(intake, "admin", path, {"change": "close", "unit": "xa-phu-lam", "valid_to": "2026-07-30"})
        == "wrong-state"
    )

    async def names(day):
        return {
            unit["unit"]: unit["name"]
            for unit in (await intake.get("inspector", f"/intake/v1/units?at={day}"))["items"]
        }

    assert await names("2025-06-30") == {}
    assert (await names("2026-02-28"))[UNIT] == f"Đơn vị {UNIT}" and "xa-phu-lam" in await names("2026-06-30")
    assert (await names("2026-03-01"))[UNIT] == "Phường Tân Hòa" and "xa-phu-lam" not in await names("2026-07-01")


# what the log may know


async def test_commitments_open_with_the_sealed_salt_and_nothing_else(intake, inspection):
    finding, answer = await record(
        intake, inspection, code="A03", private={"narrative": "Vắng", "persons": ["Bà B", "Ông A"]}
    )
    committed = event_of(answer)["data"]["commitments"]
    for row in await intake.service.pool.fetch(
        "SELECT grp, wrapped_key, sealed FROM intake.vault_part WHERE event_id = $1", finding
    ):
        salt, content = intake.service.vault.open(Sealed(finding, row["grp"], row["wrapped_key"], row["sealed"]))
        assert len(salt) == 32 and commitment(salt, finding, row["grp"], content).hex() == committed.pop(row["grp"])
        assert content == {"narrative": "Vắng".encode(), "persons": '["Bà B","Ông A"]'.encode()}[row["grp"]]
    assert committed == {}


async def test_private_words_and_names_are_nowhere_but_sealed(intake, inspection):
    canary = "CANARY-7f3a"
    private = {"narrative": canary, "persons": [canary]}
    finding, _ = await record(intake, inspection, code="A03", private=private)
    await close(intake, inspection, private={"opinion": canary})
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": False, "private": {"text": canary}})
    await intake.put(
        "reviewer", f"findings/{finding}/decision/{fresh()}", {"outcome": "upheld", "private": {"reason": canary}}
    )
    tables = await intake.service.pool.fetch(
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables "
        "WHERE table_schema IN ('intake', 'identity')"
    )
    for table in tables:
        dumped = await intake.service.pool.fetch(f"SELECT t::text AS line FROM {table['name']} AS t")
        for row in dumped:
            assert canary not in row["line"] and canary.encode().hex() not in row["line"], table["name"]
    for event in await intake.events():
        text = json.dumps(event)
        assert 'inspector"' not in text.replace('"role": "inspector"', "") and "colleague" not in text


async def test_selection_by_risk_or_complaint_is_one_word_in_the_event(intake):
    for selection, told in (
        ("risk", "targeted"),
        ("complaint", "targeted"),
        ("random", "random"),
        ("scheduled", "scheduled"),
    ):
        answer = await intake.put("inspector", f"inspections/{fresh()}", opening(selection=selection))
        assert event_of(answer.json())["data"]["selection"] == told


async def test_pseudonyms_last_one_quarter(intake, inspection):
    first, other = fresh(), fresh()
    same = await intake.put("inspector", f"inspections/{first}", opening(opened_at="2026-07-01T08:00:00+07:00"))
    before = await intake.put("inspector", f"inspections/{other}", opening(opened_at="2026-06-30T08:00:00+07:00"))
    _, here = await record(intake, inspection)
    assert event_of(here)["data"]["by"]["ref"] == event_of(same.json())["data"]["by"]["ref"]
    assert event_of(before.json())["data"]["by"]["ref"] != event_of(here)["data"]["by"]["ref"]
    assert event_of(before.json())["data"]["quarter"] == "2026-Q2"


async def test_a_back_dated_amendment_holds_in_later_versions_after_a_reload(intake):
    async def change(**body):
        await intake.service.pool.execute("UPDATE intake.directory SET version = version + 1")
        await intake.put("admin", f"unit-changes/{fresh()}", {"unit": "xa-phu-lam", **body})

    before = (await load_directory(intake.service.pool)).versions["xa-phu-lam"]
    assert len(before) == 1
    await change(change="amend", valid_from="2026-10-15", staff=7)
    await change(change="amend", valid_from="2026-10-20", name="Ten Sau")
    await change(change="amend", valid_from="2026-10-05", name="Ten Moi", parent=UNIT, staff=9)
    told = (await load_directory(intake.service.pool)).versions["xa-phu-lam"]
    assert [(str(v.valid_from), v.name, v.parent, v.staff) for v in told[1:]] == [
        ("2026-10-05", "Ten Moi", UNIT, 9),
        ("2026-10-15", "Ten Moi", UNIT, 7),
        ("2026-10-20", "Ten Sau", UNIT, 7),
    ]
    assert [set(v.set_fields) for v in told[1:]] == [{"name", "parent", "staff"}, {"staff"}, {"name"}]
