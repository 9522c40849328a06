"""What a reader is told he may do is what is then taken, of every severity, state and person; and SQL agrees."""

from collections import Counter
from datetime import timedelta
from itertools import product
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.domain.case import KEPT, Command, Outcome, State, Turn, allows, is_counted, turn
from services.intake.cases.deadlines import QUERIES
from tests.support.intake import NOW, UNIT, closing, fresh, opening, populate, recording, running_intake

CODES = {0: "K00", 1: "A01", 2: "A03", 3: "A05", 4: "F04"}
PEOPLE = ("inspector", "colleague", "elsewhere", "lead", "head", "parent-head", "other-head", "reviewer", "auditor")
BODIES = {
    "reply": {"accepts": False, "private": {"text": "Đơn vị giải trình."}},
    "extension-request": {"of": "reply", "until": "2026-09-15"},
    "withdrawal": {"private": {"reason": "Ghi nhầm."}},
    "decision": {"outcome": "unfounded", "private": {"reason": "Theo hồ sơ."}},
}


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        yield await populate(intake)


class Cases:
    """A closed inspection, and findings in it as they are wanted."""

    def __init__(self, intake):
        self.intake, self.inspection = intake, fresh()

    async def open(self):
        await self.intake.put("inspector", f"inspections/{self.inspection}", opening())
        await self.intake.put("inspector", f"inspections/{self.inspection}/closing/{fresh()}", closing())
        return self

    async def finding(self, severity, state, accepts=None):
        finding = fresh()
        await self.intake.put("inspector", f"findings/{finding}", recording(self.inspection, code=CODES[severity]))
        await self.stands(finding, state, accepts)
        self.last = finding
        return finding

    async def stands(self, finding, state, accepts=None):
        """As if a command had brought it there; only the owner of the schema may write what no program knows."""
        connection = await asyncpg.connect(self.intake.service.settings.database_url)
        try:
            await connection.execute("ALTER TABLE intake.finding DROP CONSTRAINT IF EXISTS finding_state_check")
            change = "UPDATE intake.finding SET state = $2, accepts = $3 WHERE id = $1"
            await connection.execute(change, UUID(finding), state, accepts)
        finally:
            await connection.close()

    async def told(self, who, finding):
        """What somebody may do, in the list and of the finding itself; None when it is not for him."""
        listed = await self.intake.get(who, f"/intake/v1/findings?inspection={self.inspection}&limit=200")
        found = next((item for item in listed["items"] if item["id"] == finding), None)
        shown = await self.intake.get(who, f"/intake/v1/findings/{finding}", 404 if found is None else 200)
        if found is None:
            return None
        assert (found["may"], found["outcomes"]) == (shown["may"], shown["outcomes"])
        return shown

    async def tried(self, who, finding, noun, **changes):
        body = BODIES[noun] | changes
        return (await self.intake.put(who, f"findings/{finding}/{noun}/{fresh()}", body, None)).status_code


@pytest.mark.parametrize("severity", sorted(CODES))
async def test_what_one_is_told_one_may_do_is_taken_and_nothing_else(intake, severity):
    cases = await Cases(intake).open()
    for state in State:
        finding = await cases.finding(severity, state)
        for who in PEOPLE:
            told = await cases.told(who, finding)
            assert told or who in ("elsewhere", "other-head", "colleague") or severity == KEPT
            may = told["may"] if told else []
            for noun in BODIES:
                if noun in may:
                    assert await cases.tried(who, await cases.finding(severity, state), noun) == 201, (who, state, noun)
                else:
                    assert await cases.tried(who, finding, noun) in (403, 404, 409), (who, state, noun)
            if told and "decision" in may:
                for outcome in Outcome:
                    another = finding if outcome not in told["outcomes"] else await cases.finding(severity, state)
                    taken = 201 if outcome in told["outcomes"] else None
                    status = await cases.tried(who, another, "decision", outcome=outcome)
                    assert status == taken or (taken is None and status in (409, 422)), (state, outcome, status)
            elif told:
                assert told["outcomes"] == []


async def test_the_filer_may_withdraw_for_a_day_and_no_decision_upholds_before_its_photos_are_held(intake):
    cases = await Cases(intake).open()
    finding, pictured = await cases.finding(2, "recorded"), fresh()
    photos = [{"sha256": "0" * 64, "bytes": 9, "type": "image/jpeg"}]
    await intake.put("inspector", f"findings/{pictured}", recording(cases.inspection, code="A03", photos=photos))
    await cases.stands(pictured, "lapsed")
    assert "upheld" not in (await cases.told("reviewer", pictured))["outcomes"]
    assert (await cases.told("inspector", finding))["may"] == ["withdrawal", "correction"]
    intake.clock.set(NOW.replace(day=3))
    assert (await cases.told("inspector", finding))["may"] == []
    assert await cases.tried("inspector", finding, "withdrawal") == 409
    assert (await cases.told("lead", finding))["may"] == ["withdrawal", "correction"]


async def test_an_inspection_says_who_may_close_it_and_who_may_acknowledge_it(intake):
    opened = fresh()
    await intake.put("inspector", f"inspections/{opened}", opening())

    async def may(expected):
        for who in PEOPLE:
            listed = (await intake.get(who, f"/intake/v1/inspections?unit={UNIT}"))["items"]
            assert [item["may"] for item in listed] in ([], [expected.get(who, [])]), who
            for item in listed:
                assert (await intake.get(who, f"/intake/v1/inspections/{item['id']}"))["may"] == item["may"]

    await may({"inspector": ["closing", "team"], "lead": ["closing", "voiding", "team"], "reviewer": ["voiding"]})
    await intake.put("inspector", f"inspections/{opened}/closing/{fresh()}", closing())
    mend = {
        "inspector": ["correction", "team"], "lead": ["correction", "voiding", "team"], "reviewer": ["voiding"],
    }  # fmt: skip
    await may(mend | {"head": ["acknowledgement"]})
    await intake.put("head", f"inspections/{opened}/acknowledgement/{fresh()}", {})
    await may(mend)


async def test_no_state_is_a_fault_also_one_of_a_newer_program(intake):
    cases = await Cases(intake).open()
    for severity in CODES:
        finding = await cases.finding(severity, "mediated")
        for who in PEOPLE:
            told = await cases.told(who, finding)
            assert told is None or (told["may"], told["state_label"]) == ([], "mediated")
            for noun in BODIES:
                assert await cases.tried(who, finding, noun) in (403, 404, 409), (severity, who, noun)
    await intake.get("reviewer", "/intake/v1/inspections?stage=decision")


async def test_the_counts_in_sql_are_those_of_the_table(intake):
    wanted = {}
    for severity, state, accepts in product(CODES, State, (None, False, True)):
        cases = await Cases(intake).open()
        await cases.finding(severity, state, accepts)
        whose = turn(severity, state, accepts) if is_counted(severity, state) else None
        counts = Counter({"all": int(is_counted(severity, state)), "reply": 0, "decision": 0})
        counts[whose] += whose in (Turn.REPLY, Turn.DECISION)
        wanted[cases.inspection] = {name: counts[name] for name in ("all", "reply", "decision")}
        due = await _due(intake, NOW, cases.inspection)
        assert bool(due) is allows(severity, state, Command.LAPSE), (severity, state)
        kept = await _kept(intake, cases.last)
        assert kept is (severity == KEPT)
    for stage in ("reply", "decision", "done"):
        found, cursor = {}, ""
        while cursor is not None:
            page = await intake.get(
                "reviewer", f"/intake/v1/inspections?stage={stage}&limit=50{cursor and '&cursor='}{cursor}"
            )
            found |= {item["id"]: item["found"] for item in page["items"]}
            cursor = page["next"]
        assert found == {
            visit: counts for visit, counts in wanted.items()
            if (counts[stage] if stage != "done" else counts["reply"] + counts["decision"] == 0)
        }  # fmt: skip


async def _due(intake, instant, inspection):
    """What would lapse of an inspection, had the log known of all its deadlines at an instant."""
    pool = intake.service.pool
    await pool.execute(
        "UPDATE intake.deadline SET lapse_after = $2 FROM intake.finding "
        "WHERE finding.id = finding AND inspection = $1",
        inspection, instant,
    )  # fmt: skip
    found = await pool.fetch("SELECT id::text FROM intake.finding WHERE inspection = $1", inspection)
    due = {row["finding"] for row in await pool.fetch(QUERIES.lapsing, instant + timedelta(days=1), 500)}
    return [row["id"] for row in found if row["id"] in due]


async def _kept(intake, finding):
    """As schema identity tells audit."""
    connection = await asyncpg.connect(intake.service.settings.database_url)
    try:
        return await connection.fetchval("SELECT kept FROM identity.case_as($1, 'an')", UUID(finding))
    finally:
        await connection.close()
