"""The desk's lists: whose turn it is, in which order, what is searched, and page by page."""

import re

import pytest
import pytest_asyncio

from services.intake.findings import endpoints as findings
from services.intake.inspections import endpoints as inspections
from services.kernel.store.db import transaction
from tests.support.intake import UNIT, closing, fresh, opening, populate, recording, running_intake


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


ANYBODY = ("reviewer", True, [], False, [], False, [])
LISTED = (
    (findings.QUERIES.findings_of_inspections, [[fresh()], *ANYBODY]),
    (findings.QUERIES.steps_of_findings, [[fresh()]]),
    (findings.QUERIES.clocks_of_findings, [[fresh()]]),
    (findings.QUERIES.photos_of_findings, [[fresh()]]),
    (inspections.QUERIES.some_inspections, [[fresh()], *ANYBODY]),
    (findings.QUERIES.desk_of_units, ["todo", 100, 0.0, fresh(), *ANYBODY, None, [UNIT], [UNIT]]),
)


@pytest.mark.parametrize(("statement", "asked"), LISTED)
async def test_a_page_is_read_by_indexes_with_a_plan_that_is_made_once(intake, statement, asked):
    async with transaction(intake.service.pool) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *asked))
    assert "Index" in plan
    assert not re.search(r"Seq Scan on (finding|inspection|deadline|case_step|vault_photo|write)\b", plan), plan
