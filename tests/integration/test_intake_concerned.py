"""The person concerned: a link shown once, read without sign-in, spent by one answer; wrong ones are all alike."""

import asyncpg
import pytest_asyncio

from services.intake.concerned import endpoints
from services.intake.people.patience import Patience
from services.intake.writing.standing import Standing
from tests.support.intake import NOW, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event


@pytest_asyncio.fixture
async def intake(settings, monkeypatch):
    monkeypatch.setattr(endpoints, "_guessing", Patience())
    async with running_intake(settings) as intake:
        yield await populate(intake)


@pytest_asyncio.fixture
async def finding(intake):
    inspection, finding = fresh(), fresh()
    await intake.put("inspector", f"inspections/{inspection}", opening())
    body = recording(inspection, code="A03", private={"narrative": "Bàn trống.", "persons": ["Ông B"]})
    await intake.put("inspector", f"findings/{finding}", body)
    return finding


async def given(intake, finding, expires="2026-09-20"):
    path, body = f"findings/{finding}/person-links/{fresh()}", {"expires": expires}
    first = (await intake.put("reviewer", path, body)).json()
    again = (await intake.put("reviewer", path, body, 200)).json()
    assert again == {name: value for name, value in first.items() if name != "link"} and "event" not in first
    return path, first["link"]


async def test_a_link_is_read_by_its_secret_alone_and_spent_by_one_answer(intake, finding):
    _, link = await given(intake, finding)
    shown = (await intake.client.get(link)).json()
    assert (shown["narrative"], shown["code"], shown["opened"]) == ("Bàn trống.", "A03", [])
    assert "Ông B" not in str(shown)
    await intake.get("lead", f"/intake/v1/findings/{finding}")
    opened = (await intake.client.get(link)).json()["opened"]
    assert sorted(one["role"] for one in opened) == ["concerned", "lead"]
    page = await intake.client.get(link, headers={"accept": "text/html"})
    assert "Bàn trống." in page.text and page.headers["cache-control"] == "no-store"
    for wrong in ({}, {"text": " "}, {"text": 1}, {"text": "a", "more": 1}):
        assert (await intake.client.post(link, json=wrong)).status_code == 422
    assert (await intake.client.post(link, json={"text": "Tôi đi họp."})).status_code == 201
    told = validate_event((await intake.event_bytes())[-1])
    assert told["type"] == "kycuong.finding.answered.v1" and told["data"]["by"] == {"role": "concerned"}
    case = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert case["private"]["answer"]["text"] == "Tôi đi họp." and case["state"] == "recorded"
    mine = await intake.get("head", f"/intake/v1/findings/{finding}")  # as the page tells who answers
    assert mine["private"]["answer"]["text"] == "Tôi đi họp."
    assert (await intake.client.get(link)).status_code == 404
    assert (await intake.client.post(link, json={"text": "Lần nữa."})).status_code == 404


async def test_a_plain_form_answers_too(intake, finding):
    _, link = await given(intake, finding)
    for typed, words in ((" ", "wrong-words"), ("Tôi đi họp. " * 400, "Tôi đi họp. Tôi")):
        refused = await intake.client.post(link, data={"text": typed})
        assert refused.status_code == 422 and words in refused.text and 'aria-invalid="true"' in refused.text
        assert refused.headers["cache-control"] == "no-store"
    wrong = await intake.client.post(f"{link}x", data={"text": " "})
    assert wrong.status_code == 404
    sent = await intake.client.post(link, data={"text": "Tôi\r\nđi\thọp."})
    assert sent.status_code == 200 and "Đã nhận" in sent.text
    case = await intake.get("reviewer", f"/intake/v1/findings/{finding}")
    assert case["private"]["answer"]["text"] == "Tôi\nđi họp."


async def test_what_was_typed_outlives_every_refusal(intake, finding, monkeypatch):
    """And of a link that is wrong or over, spent by that very answer too, nothing more is told."""
    _, link = await given(intake, finding)
    long = await intake.client.post(link, data={"text": "Tôi đi họp. " * 9_000})
    assert long.status_code == 413 and "Tôi đi họp. Tôi" in long.text and len(long.text) < 70_000
    for name, away in (("standing", Standing()), ("pool", asyncpg.create_pool("postgresql://localhost"))):
        with monkeypatch.context() as patched:
            patched.setattr(intake.service, name, away)
            waits = await intake.client.post(link, data={"text": "Tôi <đi> họp."})
        assert waits.status_code == 503 and ">\nTôi &lt;đi&gt; họp.</textarea>" in waits.text
    assert (await intake.client.post(link, data={"text": "Tôi đi họp."})).status_code == 200
    pages = []
    for address in (link, f"{link}x"):
        gone = await intake.client.post(address, data={"text": "Tôi đi họp."}, headers={"accept": "text/html"})
        assert gone.status_code == 404 and "data-kept>Tôi đi họp.<" in gone.text and "<textarea" not in gone.text
        assert gone.headers["referrer-policy"] == "no-referrer" and gone.headers["cache-control"] == "no-store"
        pages.append(gone.text)
    assert pages[0] == pages[1]


async def test_the_page_speaks_either_language_keeps_what_was_typed_and_tells_days_of_vietnam(intake, finding):
    _, link = await given(intake, finding)
    early = "UPDATE intake.finding SET captured_at = '2026-08-31T23:30:00Z' WHERE id = $1"
    await intake.service.pool.execute(early, finding)
    page = (await intake.client.get(link, headers={"accept": "text/html"})).text
    assert "01/09/2026: A03 – Vắng mặt không lý do; số lượt: 3. Đã ghi nhận." in page
    again = await intake.client.post(f"{link}?lang=en", data={"text": "Tôi đi họp.", "again": "1"})
    assert again.status_code == 200 and ">\nTôi đi họp.</textarea>" in again.text
    assert "Unexcused absence; count: 3. Recorded." in again.text and "The person concerned, " in again.text
    blank = await intake.client.post(link, data={"text": " "})
    assert "write your answer" in blank.text  # the language stays chosen
    kept = await intake.client.post(f"{link}x?lang=vi", data={"text": "Tôi đi họp.", "again": "1"})
    assert kept.status_code == 404 and "hãy hỏi người đã gửi" in kept.text.lower() and "data-kept>Tôi" in kept.text
    assert (await intake.get("reviewer", f"/intake/v1/findings/{finding}"))["answers"] == {}


async def test_a_link_ends_with_its_finding(intake, finding):
    path, link = await given(intake, finding)
    await intake.put("inspector", f"findings/{finding}/withdrawal/{fresh()}", {"private": {"reason": "Nhầm."}})
    gone = await intake.client.post(link, json={"text": "Tôi đi họp."})
    assert gone.status_code == (await intake.client.get(link)).status_code == 404
    await intake.put("reviewer", f"{path}/removal/{fresh()}", {}, 409)
    await intake.put("reviewer", f"findings/{finding}/person-links/{fresh()}", {"expires": "2026-09-20"}, 409)


async def test_a_link_ends_by_its_day_or_by_a_reviewer_and_all_wrong_ones_are_alike(intake, finding):
    for late in ("2026-08-31", "2026-10-02"):
        body = {"expires": late}
        refused = (await intake.put("reviewer", f"findings/{finding}/person-links/{fresh()}", body, 422)).json()
        assert refused["errors"][0]["pointer"] == "/expires"
    path, link = await given(intake, finding)
    await intake.put("lead", f"{path}/removal/{fresh()}", {}, 403)
    await intake.put("reviewer", f"findings/{finding}/person-links/{fresh()}/removal/{fresh()}", {}, 404)
    assert (await intake.put("reviewer", f"{path}/removal/{fresh()}", {})).json()["state"] == "removed"
    await intake.put("reviewer", f"{path}/removal/{fresh()}", {}, 409)
    _, other = await given(intake, finding, "2026-09-01")
    assert (await intake.client.get(other)).status_code == 200
    intake.clock.set(NOW.replace(day=2))
    answers = [await intake.client.get(one) for one in (link, other, "/intake/concerned/x")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_who_guesses_waits(intake, finding):
    _, link = await given(intake, finding)
    tried = [(await intake.client.get(f"/intake/concerned/{n}")).status_code for n in range(30)]
    assert tried[0] == 404 and tried[-1] == 429
    assert (await intake.client.get(link)).status_code == 429
