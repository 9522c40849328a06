"""Strangers and their thousands: the sender is known before anything is composed, nobody waits for another's batch."""

import asyncio
import json
from urllib.parse import quote

import pytest
import pytest_asyncio

from services.intake.writing import forms
from services.kernel import strict_json
from tests.support.intake import UNIT, closing, fresh, opening, populate, put_line, recording, register, running_intake

MARKS = "o" + "\u0301\u0323" * 14_000
STACKED = "o" + "\u0301\u0323" * 20
JSON = {"content-type": "application/json"}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


async def opened(intake):
    inspection = fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    return inspection


@pytest.fixture
def composed(monkeypatch):
    """What was composed from here on."""
    texts, compose = [], strict_json.normalize

    def spy(form, text):
        texts.append(text)
        return compose(form, text)

    monkeypatch.setattr(strict_json, "normalize", spy)
    return texts


@pytest.mark.parametrize("token", ["invented", "expired"])
async def test_nothing_of_a_stranger_s_write_is_read_into_a_form(intake, composed, monkeypatch, token):
    monkeypatch.setattr(forms, "read_form", lambda *_: pytest.fail("a stranger's body was read"))
    monkeypatch.setattr(
        "services.intake.writing.commands.read_form", lambda *_: pytest.fail("a stranger's body was read")
    )
    if token == "expired":
        token = await intake.token("inspector", account="gone")
        await intake.expire("gone")
    body = recording(fresh(), private={"narrative": MARKS})
    answer = await intake.put(token, f"findings/{fresh()}", json.dumps(body, ensure_ascii=False).encode(), status=401)
    assert answer.json()["type"] == "/problems/unauthorized"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}
    lines = put_line(f"findings/{fresh()}", body)
    assert (await intake.client.post("/intake/v1/batch", content=lines, headers=headers)).status_code == 401
    handed = await intake.client.post(
        "/intake/v1/handovers", content=lines, headers=headers | {"content-type": "text/plain"}
    )
    assert handed.status_code == 401
    signing_in = await intake.client.post("/intake/login", json={"account": STACKED, "password": MARKS[:150]})
    assert signing_in.status_code == 401
    assert composed == []


async def test_a_token_that_ends_is_a_stranger_s_from_then_on(intake):
    inspection = await opened(intake)
    await intake.put("inspector", f"findings/{fresh()}", recording(inspection))
    await intake.expire("inspector")
    for _ in range(2):
        await intake.put("inspector", f"findings/{fresh()}", recording(inspection), status=401)


CASES = [
    ("inspector", "findings/{new}", recording("{open}", private={"narrative": "{text}"}), "/private/narrative"),
    ("inspector", "findings/{new}", recording("{open}", private={"persons": ["An", "{text}"]}), "/private/persons/1"),
    ("admin", "unit-changes/{new}", register("xa-moi", name="{text}"), "/name"),
    ("admin", "unit-changes/{new}",
     {"change": "amend", "unit": UNIT, "name": "{text}", "valid_from": "2026-01-01"}, "/name"),
    ("admin", "unit-changes/{new}",
     {"change": "succeed", "kind": "rename", "from": [UNIT], "to": ["xa-moi"], "valid_from": "2026-01-01",
      "basis": "{text}"}, "/basis"),
    ("inspector", "inspections/{new}", opening(basis="{text}"), "/basis"),
    ("inspector", "inspections/{open}/closing/{new}", closing(private={"opinion": "{text}"}), "/private/opinion"),
    ("inspector", "inspections/{open}/closing/{new}",
     closing(private={"minutes": {"representative": {"name": "{text}"}}}), "/private/minutes/representative/name"),
    ("inspector", "inspections/{open}/closing/{new}", closing(private={"minutes": {"number": "{text}"}}),
     "/private/minutes/number"),
    ("inspector", "inspections/{open}/closing/{new}",
     closing(private={"fill": [{"event": "answer", "node": "a", "start": 1, "end": 2, "old": "{text}", "new": ""}]}),
     "/private/fill/0/old"),
    ("reviewer", "erasures/{new}", {"event": "{open}", "parts": ["reason"], "private": {"reason": "{text}"}},
     "/private/reason"),
    ("head", "findings/{new}/reply/{new2}", {"accepts": True, "private": {"text": "{text}"}}, "/private/text"),
    ("reviewer", "findings/{new}/decision/{new2}", {"outcome": "excused", "private": {"reason": "{text}"}},
     "/private/reason"),
    ("reviewer", "commendations/{new}",
     {"unit": UNIT, "code": "K01", "date": "2026-08-01", "private": {"text": "{text}"}}, "/private/text"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "path", "body", "pointer"), CASES, ids=[f"{case[1]} {case[3]}" for case in CASES])
async def test_a_text_that_takes_long_to_compose_is_named_and_not_composed(intake, composed, who, path, body, pointer):
    known = {"{open}": await opened(intake), "{new}": fresh(), "{new2}": fresh()}
    composed.clear()
    for text, told in ((STACKED, "30 dấu"), ("ơ" * 12_001, "12000")):
        address, sent = path, json.dumps(body, ensure_ascii=False).replace("{text}", text)
        for place, word in known.items():
            address, sent = address.replace(place, word), sent.replace(place, word)
        answer = await intake.put(who, address, sent.encode(), status=422)
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == pointer and told in fault["detail"]
        (line,) = await intake.batch(who, [(address, json.loads(sent))])
        assert (line["status"], line["body"]["errors"]) == (422, [fault])
        assert text not in composed


@pytest.mark.parametrize(
    "path", ["findings/{}", "findings/{}/photos/1", "inspections/{}/minutes", "inspections/{}/fill.csv"]
)
async def test_a_reason_in_a_query_is_judged_alike(intake, composed, path):
    address = f"/intake/v1/{path.format(fresh())}"
    headers = {"authorization": f"Bearer {intake.tokens['auditor']}"}
    answer = await intake.client.get(address, params={"reason": STACKED}, headers=headers)
    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, ["/reason"])
    answer = await intake.client.get(address, headers=headers | {"Kycuong-Reason": quote(STACKED)})
    assert (answer.status_code, [fault["pointer"] for fault in answer.json()["errors"]]) == (422, ["/Kycuong-Reason"])
    assert STACKED not in composed


NAMES = [f"la{n}" for n in range(1_000)]
CROWDED = [
    (recording("{open}") | dict.fromkeys(NAMES, 1), 1_000),
    (dict.fromkeys(NAMES, 1) | {"count": 0}, 1_004),
    (recording("{open}", private=dict.fromkeys(NAMES, 1)), 1_000),
    (recording("{open}", photos=[{"sha256": "a" * 64, "bytes": 1, "type": "image/jpeg", "la": 1}] * 50), 50),
    (recording("{open}", device=dict.fromkeys(NAMES, 1)), 1_004),
]


@pytest.mark.parametrize(("body", "faults"), CROWDED, ids=["body", "wrong body", "private", "photos", "device"])
async def test_of_many_faults_the_first_twenty_are_named_and_the_others_counted(intake, body, faults):
    sent = json.dumps(body).replace("{open}", await opened(intake)).encode()
    for language, rest in (("vi", f"và {faults - 20} lỗi nữa"), ("en", f"and {faults - 20} more errors")):
        answer = await intake.put("inspector", f"findings/{fresh()}", sent, status=422, **{"accept-language": language})
        told = answer.json()["errors"]
        assert len(told) == 21 and all(fault["pointer"] for fault in told[:20])
        assert told[20] == {"pointer": "", "detail": rest}
        assert len({fault["pointer"] for fault in told}) == 21
    line = b'{"method":"PUT","path":"/intake/v1/findings/%b","body":%b}' % (fresh().encode(), sent)
    (batched,) = await intake.batch("inspector", [line])
    assert batched["body"]["errors"][20]["detail"] == f"và {faults - 20} lỗi nữa"


async def test_the_faults_of_a_batch_are_no_more_than_the_batch(intake):
    body = recording(await opened(intake)) | {f"{n:x}": 1 for n in range(4_000)}
    lines = [put_line(f"findings/{fresh()}", body) for _ in range(100)]
    headers = {"authorization": f"Bearer {intake.tokens['inspector']}", "content-type": "application/x-ndjson"}
    answer = await intake.client.post("/intake/v1/batch", content=b"\n".join(lines), headers=headers)
    assert answer.text.count('"status":422') == 100
    assert len(answer.content) < len(b"\n".join(lines)) / 10


@pytest.mark.parametrize("who", ["inspector", "colleague"])
async def test_a_write_sent_after_a_batch_is_answered_before_the_batch_has_ended(intake, who):
    inspection = await opened(intake)
    await intake.put(who, f"findings/{fresh()}", {}, status=422)
    many = [(f"findings/{fresh()}", recording(inspection)) for _ in range(5_000)]
    batch = asyncio.create_task(intake.batch("inspector", many))
    while not await intake.service.pool.fetchval("SELECT count(*) FROM intake.finding"):
        await asyncio.sleep(0)
    few = [(f"inspections/{fresh()}", opening()) for _ in range(3)]
    told, _ = await asyncio.gather(intake.batch("colleague", few), intake.put(who, f"inspections/{fresh()}", opening()))
    assert [answer["status"] for answer in told] == [201] * 3
    assert not batch.done()
    assert [answer["status"] for answer in await batch] == [201] * 5_000


async def test_strangers_writes_are_answered_while_a_batch_of_faults_is_told(intake):
    inspection = await opened(intake)
    faulty = recording(inspection) | dict.fromkeys(NAMES, 1)
    batch = asyncio.create_task(intake.batch("inspector", [(f"findings/{fresh()}", faulty)] * 1_000))
    for _ in range(5):
        await intake.put("colleague", f"inspections/{fresh()}", opening())
    assert not batch.done()
    assert {answer["status"] for answer in await batch} == {422}
