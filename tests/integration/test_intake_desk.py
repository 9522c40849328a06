"""The desk's lists: whose turn it is, in which order, what is searched, and page by page."""

import re
from datetime import datetime, timedelta
from itertools import product

import asyncpg
import pytest
import pytest_asyncio

from services.domain.case import FREE, SEVERITIES, State, Turn, turn
from services.domain.words import EVENTS
from services.intake.findings import desk
from services.intake.findings import endpoints as findings
from services.intake.inspections import endpoints as inspections
from services.intake.reading.kept import KeptAnswers
from services.kernel.store.db import columns, transaction
from tests.support.intake import NOW, UNIT, closing, fresh, opening, populate, recording, running_intake


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


async def inspected(intake, *codes, closed=True):
    """An inspection with a finding of each code."""
    inspection, found = fresh(), [fresh() for _ in codes]
    await intake.put("inspector", f"inspections/{inspection}", opening())
    for finding, code in zip(found, codes, strict=True):
        await intake.put("inspector", f"findings/{finding}", recording(inspection, code=code))
    if closed:
        await intake.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing())
    return inspection, found


async def listed(intake, who, asked):
    return (await intake.get(who, f"/intake/v1/desk?{asked}"))["items"]


async def ids(intake, who, asked):
    return [item["id"] for item in await listed(intake, who, asked)]


async def test_a_case_goes_from_the_head_to_the_reviewer_and_to_what_is_handled(intake):
    inspection, [finding] = await inspected(intake, "A03")
    [item] = await listed(intake, "head", "list=todo")
    assert (item["id"], item["own"], item["due"]) == (inspection, True, item["findings"][0]["reply_due"])
    assert item["working_days_left"] == 5
    assert item["findings"][0]["may"][0] == "reply"
    assert await ids(intake, "reviewer", "list=waiting") == []
    assert await ids(intake, "reviewer", "list=period") == [inspection]
    reply = {"accepts": False, "private": {"text": "Có giấy mời họp."}}
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", reply)
    assert await ids(intake, "head", "list=todo") == []
    assert await ids(intake, "head", "list=done") == [inspection]
    [item] = await listed(intake, "reviewer", "list=decision")
    assert item["findings"][0]["waits_for"] == "decision"
    assert "decision" in item["findings"][0]["may"]
    decision = {"outcome": "upheld", "private": {"reason": "Giấy mời đề ngày khác."}}
    await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision)
    assert await ids(intake, "reviewer", "list=waiting") == []
    assert await ids(intake, "reviewer", "list=handled") == [inspection]


async def test_the_head_above_follows_and_others_see_nothing(intake):
    inspection, _ = await inspected(intake, "A01")
    assert await ids(intake, "parent-head", "list=todo") == []
    assert await ids(intake, "parent-head", "list=following") == [inspection]
    for name in ("todo", "following", "done"):
        assert await ids(intake, "other-head", f"list={name}") == []
    assert await ids(intake, "other-head", f"inspection={inspection}") == []
    await intake.get("admin", "/intake/v1/desk", 403)
    await intake.get("nobody", "/intake/v1/desk", 401)


async def test_pages_follow_each_other_the_oldest_first(intake):
    made = [(await inspected(intake, "F04"))[0] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = await intake.get("reviewer", f"/intake/v1/desk?list=waiting&limit=2{cursor and '&cursor='}{cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == made
    assert page["total"] == 1  # of the last page; the first counts all
    first = await intake.get("reviewer", "/intake/v1/desk?list=waiting&limit=2")
    assert first["total"] == 5


async def test_the_heads_pages_follow_each_other_by_deadline(intake):
    made = [(await inspected(intake, "A01", "B01"))[0] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = await intake.get("head", f"/intake/v1/desk?list=todo&limit=2{cursor and '&cursor='}{cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == made


async def test_what_is_kept_from_a_unit_is_found_by_no_word(intake):
    inspection, _ = await inspected(intake, "A01", "F04")
    assert await ids(intake, "head", "list=todo&q=F04") == []
    assert await ids(intake, "head", "list=todo&q=di+muon") == [inspection]
    assert await ids(intake, "reviewer", "list=waiting&q=F04") == [inspection]
    [item] = await listed(intake, "head", "list=todo")
    assert [finding["code"] for finding in item["findings"]] == ["A01"]
    for path in ("inspections", "findings"):
        assert (await intake.get("head", f"/intake/v1/{path}?q=F04"))["items"] == []
        assert len((await intake.get("reviewer", f"/intake/v1/{path}?q=F04"))["items"]) == 1


@pytest.mark.parametrize("words", [UNIT, "tân+hòa", "tan+hoa+A01", "12/QĐ-SNV"])
async def test_lists_are_searched_by_unit_code_and_number(intake, words):
    inspection, [finding] = await inspected(intake, "A01")
    assert await ids(intake, "reviewer", f"list=period&q={words}") == [inspection]
    for path, found in (("inspections", inspection), ("findings", finding)):
        items = (await intake.get("reviewer", f"/intake/v1/{path}?q={words}"))["items"]
        assert [item["id"] for item in items] == [found]
    assert await ids(intake, "reviewer", f"list=period&q={words}+khong-co") == []


@pytest.mark.parametrize("asked", ["list=all", "inspection=x", "cursor=x", "limit=0", "cursor=eHx5"])
async def test_what_makes_no_sense_is_refused(intake, asked):
    await intake.get("reviewer", f"/intake/v1/desk?{asked}", 422)


async def text(intake, who, asked):
    headers = {"authorization": f"Bearer {intake.tokens[who]}"}
    answer = await intake.client.get(f"/intake/v1/desk?{asked}", headers=headers)
    assert answer.status_code == 200
    return answer.text


async def test_an_answer_is_made_once_till_anything_happens_in_any_process(settings, intake, monkeypatch):
    inspection, [finding] = await inspected(intake, "A03")
    made, page = [], desk._page
    monkeypatch.setattr(desk, "_page", lambda *asked: made.append(1) or page(*asked))
    told = await text(intake, "reviewer", "list=period")
    assert await text(intake, "reviewer", "list=period") == told
    assert len(made) == 1
    assert inspection in await text(intake, "head", "list=todo") != told
    other = await asyncpg.connect(settings.database_url)
    try:
        async with other.transaction():
            await other.execute("UPDATE intake.finding SET count = 7 WHERE id = $1", finding)
            await other.execute("UPDATE intake.unit_sequence SET last_seq = last_seq + 1 WHERE unit = $1", UNIT)
            assert await text(intake, "reviewer", "list=period") == told
        changed = await text(intake, "reviewer", "list=period")
        await other.execute("UPDATE identity.appointment SET valid_to = $1 WHERE account = 'reviewer'", NOW)
        headers = {"authorization": f"Bearer {intake.tokens['reviewer']}"}
        assert (await intake.client.get("/intake/v1/desk?list=period", headers=headers)).status_code == 403
    finally:
        await other.close()
    assert changed == told.replace('"count":3', '"count":7') != told


async def test_what_is_kept_is_what_would_be_told_at_every_instant(intake):
    """Of cases that stand in every way, around each instant that anything is judged by."""
    inspection, [_, replied, upheld, appealed] = await inspected(intake, "A01", "A03", "B01", "A03")
    for finding in (replied, upheld, appealed):
        await intake.put(
            "head", f"findings/{finding}/reply/{fresh()}", {"accepts": False, "private": {"text": "Không."}}
        )
    for finding in (upheld, appealed):
        decision = {"outcome": "upheld", "private": {"reason": "Theo hồ sơ."}}
        await intake.put("reviewer", f"findings/{finding}/decision/{fresh()}", decision)
    await intake.put("head", f"findings/{appealed}/appeal/{fresh()}", {"private": {"text": "Không đúng."}})
    told = await intake.get("reviewer", f"/intake/v1/desk?inspection={inspection}")
    ends = {clock["due"] for one in told["items"][0]["findings"] for clock in one["deadlines"]}
    marks = {NOW, NOW + timedelta(days=1), NOW + timedelta(days=365), *map(datetime.fromisoformat, ends)}
    kept, seen = intake.service.part(KeptAnswers), set()
    for at in sorted(mark + timedelta(seconds=near) for mark in marks for near in (-1, 0, 1)):
        intake.clock.set(at)
        await intake.service.let_lapse(intake.service, at)
        for who, asked in product(
            ("inspector", "head", "lead", "reviewer", "auditor"), (f"inspection={inspection}", "list=todo")
        ):
            before = await text(intake, who, asked)
            kept._stands = None
            assert await text(intake, who, asked) == before, at
            seen.add(before)
    assert len(seen) > 2 * len(marks)


async def test_the_database_sorts_cases_into_lists_as_the_table_of_cases_does(intake):
    cases = list(product(sorted(SEVERITIES), map(str, State), (None, False, True), (False, True)))
    async with transaction(intake.service.pool) as connection:
        rows = await connection.fetch(_STORED, fresh(), *columns(cases, 4))
    assert len(rows) == len(cases)
    for row in rows:
        severity, state, accepts, released, listed = row
        if severity == FREE:
            assert listed is None
        elif turn(severity, state, accepts, released) is Turn.DECISION:
            assert listed == "decision", row
        else:
            assert listed == ("handled" if state in (State.DECIDED, *OVER) else "period"), row


OVER = (State.WITHDRAWN, State.VOIDED)
_STORED = """
INSERT INTO intake.finding (id, inspection, unit, code, catalogue, severity, count, captured_at, photos, filer,
                            received_at, state, accepts, released)
SELECT gen_random_uuid(), $1, 'xa', 'A01', '2026.1', severity, 1, now(), '[]', 'an', now(), state, accepts, released
FROM unnest($2::smallint[], $3::text[], $4::boolean[], $5::boolean[]) AS told(severity, state, accepts, released)
RETURNING severity, state, accepts, released, list
"""
_LARGE = """
LOCK TABLE intake.inspection, intake.finding, intake.deadline, intake.case_step IN SHARE UPDATE EXCLUSIVE MODE;
UPDATE pg_class SET reltuples = 100000
WHERE relnamespace = 'intake'::regnamespace AND relkind = 'r' AND reltuples > 0
"""
LISTED = (
    (findings.OF_INSPECTIONS, {"finding_inspection", "case_step_pkey", "deadline_pkey"}),
    (inspections.QUERIES.some_inspections, {"inspection_pkey"}),
    (desk.OF_UNITS, {"inspection_unit", "finding_alive", "finding_inspection", "deadline_pkey"}),
    (desk.WAITING, {"finding_list", "finding_verification", "case_step_asking", "Merge Append"}),
)


async def test_who_waits_for_more_time_is_told_alike_by_the_list_and_by_the_case(intake):
    """Whatever step came after the request."""
    inspection, [finding] = await inspected(intake, "A03")
    more = {"of": "reply", "until": "2026-09-15", "private": {"reason": "Chờ văn bản."}}
    await intake.put("head", f"findings/{finding}/extension-request/{fresh()}", more)
    [item] = await listed(intake, "reviewer", "list=extension")
    assert item["findings"][0]["waits_for"] == "extension"
    step = "INSERT INTO intake.case_step (finding, n, event, type, role, at) VALUES ($1, $2, $3, $4, 'lead', now())"
    for n, came in enumerate(EVENTS, start=1):
        for place, told in ((2 * n, "finding.extension_requested"), (2 * n + 1, came)):
            await intake.service.pool.execute(step, finding, place, fresh(), told)
            await intake.service.pool.execute("UPDATE intake.unit_sequence SET last_seq = last_seq + 1")
        there = await ids(intake, "reviewer", "list=extension") == [inspection]
        [item] = await listed(intake, "reviewer", f"inspection={inspection}")
        assert (item["findings"][0]["waits_for"] == "extension") == there, came


@pytest.mark.parametrize("analyzed", [False, True])
@pytest.mark.parametrize(("statement", "used"), LISTED)
async def test_a_page_is_read_by_indexes_with_a_plan_that_is_made_once(settings, intake, statement, used, analyzed):
    """Whether the tables were analyzed already, which comes by itself at any moment, or not; as if they were large."""
    _, [finding] = await inspected(intake, "A03")
    await intake.put("head", f"findings/{finding}/reply/{fresh()}", {"accepts": True})
    asked = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute("BEGIN")  # till the connection ends: meanwhile nothing is analyzed by itself
        if analyzed:
            await owner.execute("ANALYZE")
        await owner.execute(_LARGE)
        await owner.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        await owner.execute(f"PREPARE page AS {statement}")
        plan = "\n".join(row[0] for row in await owner.fetch(f"EXPLAIN EXECUTE page({asked})"))
    finally:
        await owner.close()
    assert all(name in plan for name in used), plan
    assert not re.search(r"Seq Scan on (finding|inspection|deadline|case_step|vault_photo|write)\b", plan), plan
