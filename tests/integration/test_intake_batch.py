"""The NDJSON batch: a status a line, in order; references inside it; one bad line costs nobody else."""

import json
from datetime import timedelta

import pytest_asyncio

from services.intake.writing.rate import FLOOR, RateLimit
from services.kernel.quarters import rfc3339
from tests.support.intake import NOW, closing, fresh, opening, populate, put_line, recording, register, running_intake


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


def statuses(answers):
    return [answer["status"] for answer in answers]


async def test_lines_refer_to_earlier_lines_and_keep_their_order(intake):
    inspection, finding, unit = fresh(), fresh(), "xa-moi"
    await intake.token("lead", account="inspector", key="both")
    answers = await intake.batch(
        "inspector",
        [
            (f"inspections/{inspection}", opening()),
            (f"findings/{finding}", recording(inspection)),
            (f"findings/{fresh()}", recording(fresh())),
            (f"inspections/{inspection}/closing/{fresh()}", closing()),
            (f"findings/{finding}", recording(inspection)),
            (f"findings/{finding}", recording(inspection, count=9)),
            (
                f"findings/{fresh()}",
                recording(inspection, captured_at="2026-09-01T08:59:00+07:00"),
            ),  # over an hour late
            (f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "Nhầm."}}),
        ],
    )
    assert statuses(answers) == [201, 201, 409, 201, 200, 409, 422, 201]
    assert [answer["line"] for answer in answers] == list(range(1, 9))
    assert answers[4]["body"] == answers[1]["body"]
    assert [a["body"]["unit_seq"] for a in answers if a["status"] == 201] == [3, 4, 5, 6]
    answers = await intake.batch(
        "admin",
        [
            (f"unit-changes/{fresh()}", register(unit)),
            (f"unit-changes/{fresh()}", register("xa-con", parent=unit)),
            (f"unit-changes/{fresh()}", register("xa-la", parent="xa-chua-co")),
            (f"unit-changes/{fresh()}", register(unit)),
            (f"unit-changes/{fresh()}", {"change": "amend", "unit": "xa-con", "valid_from": "2026-01-01", "staff": 9}),
        ],
    )
    assert statuses(answers) == [201, 201, 422, 409, 201]
    assert statuses(await intake.batch("inspector", [(f"inspections/{fresh()}", opening("xa-con"))])) == [201]


async def test_bad_lines_are_told_and_the_others_stored(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    good = put_line(f"findings/{fresh()}", recording(inspection))
    large = put_line(f"findings/{fresh()}", recording(inspection, code="A03", private={"narrative": "x" * 66_000}))
    lines = [
        good,
        b"{",
        b"",
        b'{"method":"POST","path":"/intake/v1/findings/x","body":{}}',
        b'{"method":"PUT","path":"/x","body":{}}',
        b'{"method":"PUT","path":"/intake/v1/findings/x"}',
        b"[]",
        b'{"method":"PUT","path":7,"body":{}}',
        b"   ",
        large,
        b'{"method":"PUT","path":"/intake/v1/findings/\xff","body":{}}',
        put_line(f"findings/{fresh()}", recording(inspection, count=0)),
        put_line(f"inspections/{inspection}/undoing/{fresh()}", {}),
        good.replace(b'"method"', b'"method":"PUT","method"'),
        put_line(f"findings/{fresh()}", recording(inspection)),
    ]
    before = await intake.count("intake.finding")
    answers = await intake.batch("inspector", lines)
    assert {a["line"]: a["status"] for a in answers} == {
        1: 201,
        2: 400,
        4: 405,
        5: 404,
        6: 400,
        7: 400,
        8: 400,
        10: 413,
        11: 400,
        12: 422,
        13: 404,
        14: 400,
        15: 201,
    }
    assert answers[9]["body"]["errors"][0]["pointer"] == "/count"
    assert await intake.count("intake.finding") == before + 2


async def test_an_integer_of_any_length_is_json_and_its_field_is_named(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    before = await intake.count("intake.finding")
    headers = {"authorization": f"Bearer {intake.tokens['inspector']}", "content-type": "application/json"}
    for digits in (b"9" * 19, b"9" * 5_000, b"-" + b"9" * 5_000, b"1" + b"0" * 30):
        body = json.dumps(recording(inspection)).encode().replace(b'"count": 3', b'"count":' + digits)
        assert digits in body
        answer = await intake.client.put(f"/intake/v1/findings/{fresh()}", content=body, headers=headers)
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/count"]
        line = b'{"method":"PUT","path":"/intake/v1/findings/%b","body":%b}' % (fresh().encode(), body)
        (told,) = await intake.batch("inspector", [line])
        assert told["status"] == 422
        assert [fault["pointer"] for fault in told["body"]["errors"]] == ["/count"]
    assert await intake.count("intake.finding") == before


async def test_too_many_lines_or_bytes_store_nothing(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    before = await intake.rows()
    many = b"\n".join(put_line(f"findings/{fresh()}", recording(inspection)) for _ in range(5001))
    heavy = put_line(f"findings/{fresh()}", recording(inspection)) + b"\n" + b" " * (16 * 1024 * 1024)
    headers = {"authorization": f"Bearer {intake.tokens['inspector']}", "content-type": "application/x-ndjson"}
    for body in (many, heavy):
        answer = await intake.client.post("/intake/v1/batch", content=body, headers=headers)
        assert answer.status_code == 413 and answer.json()["type"] == "/problems/too-large"
    assert await intake.rows() == before
    whole = many.rsplit(b"\n", 1)[0] + b"\n"
    answer = await intake.client.post("/intake/v1/batch", content=whole, headers=headers)
    assert answer.status_code == 200 and answer.text.count('"status":201') == 5000


async def test_a_line_of_blanks_holds_nobody_up(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    lines = [put_line(f"findings/{fresh()}", recording(inspection)) + b" " * spare for spare in (600_000, 400_000, 0)]
    assert statuses(await intake.batch("inspector", lines)) == [413, 201, 201]


async def test_who_may_not_sign_in_may_not_send_a_batch(intake):
    headers = {"content-type": "application/x-ndjson"}
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).status_code == 401
    headers["authorization"] = f"Bearer {intake.tokens['auditor']}"
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).text == ""
    assert statuses(await intake.batch("auditor", [(f"findings/{fresh()}", {})])) == [403]
    headers["content-type"] = "application/json"
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).status_code == 415
    assert (await intake.client.get("/intake/v1/batch")).status_code == 405


async def test_only_a_demo_folder_under_load_lets_the_clock_be_set(intake):
    headers = {
        "content-type": "application/x-ndjson",
        "authorization": f"Bearer {intake.tokens['inspector']}",
        "x-kycuong-clock": "2026-05-04T02:00:00Z",
    }
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).status_code == 403
    intake.service.settings.folder.begin_load("a test")
    headers["x-kycuong-clock"] = "yesterday"
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).status_code == 422
    intake.service.settings.folder.end_load()
    assert (await intake.client.post("/intake/v1/batch", content=b"", headers=headers)).status_code == 403


async def test_a_demo_load_lives_through_its_own_time(intake):
    intake.service.settings.folder.begin_load("a test")
    inspection, finding, answered = fresh(), fresh(), fresh()
    begins = NOW - timedelta(days=100)

    def at(minutes):
        return rfc3339(begins + timedelta(minutes=minutes))

    async def load(who, when, *lines):
        answers = await intake.batch(who, list(lines), **{"x-kycuong-clock": rfc3339(when)})
        assert statuses(answers) == [201] * len(lines), answers
        return answers

    answers = await load(
        "inspector",
        begins + timedelta(hours=1),
        (f"inspections/{inspection}", opening(opened_at=at(0))),
        (f"findings/{finding}", recording(inspection, captured_at=at(1), code="A03")),
        (f"findings/{answered}", recording(inspection, captured_at=at(1))),
        (f"inspections/{inspection}/closing/{fresh()}", closing(closed_at=at(5))),
    )
    assert (
        answers[0]["body"]["received_at"] == rfc3339(begins + timedelta(hours=1)) and answers[0]["body"]["flags"] == []
    )
    await load("head", begins + timedelta(hours=2), (f"findings/{answered}/reply/{fresh()}", {"accepts": True}))
    upheld = {"outcome": "upheld", "private": {"reason": "Đủ căn cứ."}}
    answers = await load("reviewer", begins + timedelta(days=20), (f"findings/{finding}/decision/{fresh()}", upheld))
    lapsed = [event for event in await intake.events() if event["type"] == "kycuong.finding.lapsed.v1"]
    assert [(event["data"]["finding"], event["time"]) for event in lapsed] == [(finding, lapsed[0]["data"]["due"])]
    assert lapsed[0]["data"]["due"] < answers[0]["body"]["received_at"]
    told = [json.loads(raw) for raw in await intake.event_bytes()]
    assert told[-1]["type"] == "kycuong.finding.decided.v1"
    between = [one for one in told if lapsed[0]["unitseq"] <= one["unitseq"] and one["unit"] == told[-1]["unit"]]
    assert [one["unitseq"] for one in between] == list(range(lapsed[0]["unitseq"], told[-1]["unitseq"] + 1))
    assert all(one["time"] < told[-1]["time"] for one in between[:-1])


async def test_batch_lines_do_not_count_against_the_rate(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    intake.service.rate = RateLimit(1, now=lambda: 0.0)  # the contract's floor, and time stands still
    lines = [(f"findings/{fresh()}", recording(inspection)) for _ in range(600)]
    assert set(statuses(await intake.batch("inspector", lines))) == {201}
    answers = [await intake.put("inspector", f"findings/{fresh()}", {}, None) for _ in range(2 * FLOOR + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {422}
    assert answers[-1].status_code == 429 and answers[-1].json()["type"] == "/problems/too-fast"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await intake.put("lead", f"findings/{fresh()}", {}, None)).status_code == 422
