"""A case after its first reply and decision: what each command does, what it is refused with, what the log is told."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio

from services.domain import second
from services.intake.cases import deadlines as lapses
from services.intake.people.accounts import end_appointment
from services.intake.replay import receipts
from services.kernel.envelope import derived_id
from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint
from tests.support.intake import NOW, UNIT, closing, fresh, opening, populate, recording, running_intake
from tests.support.schemas import validate_event

REASON = {"private": {"reason": "Theo hồ sơ."}}
UPHELD, EXCUSED = {"outcome": "upheld", **REASON}, {"outcome": "excused", **REASON}
WRONG = "/problems/wrong-state"


@pytest_asyncio.fixture
async def intake(settings):
    async with running_intake(settings) as intake:
        await populate(intake)
        for name in ("second", "third"):
            await intake.token("reviewer", account=name)
        yield intake


class Cases:
    """Cases of one inspection, and who does what to them."""

    def __init__(self, intake):
        self.intake, self.inspection, self.tree = intake, fresh(), CompactRange()

    async def begin(self, code="A03", *, closed=True):
        if not await self.intake.service.pool.fetchval(
            "SELECT 1 FROM intake.inspection WHERE id = $1", self.inspection
        ):
            await self.intake.put("inspector", f"inspections/{self.inspection}", opening())
        finding = fresh()
        await self.intake.put("inspector", f"findings/{finding}", recording(self.inspection, code=code))
        if closed and not await self.closed():
            await self.intake.put("inspector", f"inspections/{self.inspection}/closing/{fresh()}", closing())
        return finding

    async def closed(self):
        row = "SELECT state = 'closed' FROM intake.inspection WHERE id = $1"
        return await self.intake.service.pool.fetchval(row, self.inspection)

    async def do(self, who, finding, noun, body=None, status=201):
        answer = await self.intake.put(who, f"findings/{finding}/{noun}/{fresh()}", body or {}, status)
        return answer.json()

    async def refused(self, who, finding, noun, body=None, slug=WRONG):
        before = await self.intake.rows()
        told = await self.do(who, finding, noun, body, 409)
        assert told["type"] == slug and await self.intake.rows() == before
        return told

    async def upheld(self, code="A03"):
        finding = await self.begin(code)
        await self.do("head", finding, "reply", {"accepts": False})
        await self.do("reviewer", finding, "decision", UPHELD)
        return finding

    async def data(self, kind):
        """The data of the newest event of a type; all events are what their schemas say."""
        events = [validate_event(raw) for raw in await self.intake.event_bytes()]
        return next(one["data"] for one in reversed(events) if one["type"] == f"kycuong.{kind}.v1")

    async def shown(self, finding, who="reviewer"):
        return await self.intake.get(who, f"/intake/v1/findings/{finding}")

    async def due(self, finding, of):
        return next(one for one in (await self.shown(finding))["deadlines"] if one["of"] == of)

    async def logged(self):
        """As if the log had taken all in."""
        entries = await self.intake.event_bytes()
        first = self.tree.size
        self.tree.extend(map(leaf_hash, entries))
        checkpoint = Checkpoint("origin", self.tree.size, self.tree.root())
        covered = Covered(first, entries, [None] * len(entries), checkpoint, self.tree.copy())
        assert await receipts.take_in(self.intake.service, covered)

    async def passes(self, instant):
        self.intake.clock.set(instant)
        return await lapses.emit(self.intake.service, instant)


def day(text):
    return datetime.fromisoformat(f"{text}T03:00:00+00:00")


async def test_an_appeal_goes_to_another_reviewer_once_and_stops_the_remedy(intake):
    cases = Cases(intake)
    finding = await cases.upheld()
    assert (await cases.data("finding.decided"))["remedy_due"] == "2026-09-23T16:59:59.999Z"
    appeal = await cases.due(finding, "appeal")
    assert appeal == {"of": "appeal", "due": "2026-09-16T16:59:59.999Z", "state": "open"}
    for who in ("parent-head", "reviewer"):
        await cases.do(who, finding, "appeal", {}, 403)
    assert "appeal" in (await cases.shown(finding, "head"))["may"]
    done = await cases.do("head", finding, "appeal", {"private": {"text": "Đơn vị không đồng ý."}})
    assert done["state"] == "appealed"
    shown = await cases.shown(finding)
    assert (shown["state"], shown["remedy"], shown["answers"].keys() >= {"appeal", "decision"}) == (
        "appealed",
        "none",
        True,
    )
    assert shown["private"]["appeal"]["text"] == "Đơn vị không đồng ý."
    assert [one["of"] for one in shown["deadlines"]] == ["reply", "appeal"]
    for noun, who in (("withdrawal", "lead"), ("reopening", "second"), ("remedy-report", "head"), ("appeal", "head")):
        body = {"done_on": "2026-09-01"} if noun == "remedy-report" else REASON if noun != "appeal" else {}
        await cases.refused(who, finding, noun, body)
    await cases.do("reviewer", finding, "decision", UPHELD, 403)  # who decided it
    assert "decision" not in shown["may"]
    assert "decision" in (await cases.shown(finding, "second"))["may"]
    await cases.do("second", finding, "decision", UPHELD)
    assert (await cases.shown(finding))["remedy"] == "due"
    assert (await cases.due(finding, "remedy"))["due"] == "2026-09-23T16:59:59.999Z"
    await cases.refused("head", finding, "appeal")  # once in its life
    types = [one["type"].split(".", 1)[1] for one in (await cases.shown(finding))["history"]]
    assert types == [
        "finding.recorded.v1", "finding.replied.v1", "finding.decided.v1", "finding.appealed.v1", "finding.decided.v1",
    ]  # fmt: skip


async def test_only_what_is_upheld_is_appealed_and_only_for_ten_working_days(intake):
    cases = Cases(intake)
    finding, late = await cases.begin(), await cases.upheld()
    await cases.refused("head", finding, "appeal")
    await cases.do("reviewer", finding, "decision", EXCUSED)
    await cases.refused("head", finding, "appeal")
    intake.clock.set(day("2026-09-17"))
    await cases.refused("head", late, "appeal")
    assert (await cases.due(late, "appeal"))["state"] == "lapsed"
    assert "appeal" not in (await cases.shown(late, "head"))["may"]


async def test_a_reopened_case_that_was_never_replied_to_may_be_now(intake):
    cases = Cases(intake)
    finding = await cases.begin()
    await cases.do("reviewer", finding, "decision", EXCUSED)
    await cases.do("reviewer", finding, "reopening", REASON, 403)
    await cases.do("lead", finding, "reopening", REASON, 403)
    assert (await cases.do("second", finding, "reopening", REASON))["state"] == "reopened"
    assert (await cases.data("finding.reopened"))["reply_due"] == "2026-09-09T16:59:59.999Z"
    assert (await cases.shown(finding))["state"] == "reopened"
    listed = await intake.get("reviewer", "/intake/v1/findings?state=reopened")
    assert [one["id"] for one in listed["items"]] == [finding]
    await cases.refused("second", finding, "decision", UPHELD, "/problems/reply-window-open")
    await cases.logged()
    assert await cases.passes(datetime(2026, 9, 9, 17, tzinfo=UTC)) == 1
    events = [one for one in await intake.events() if one["type"] == "kycuong.finding.lapsed.v1"]
    assert [one["id"] for one in events] == [derived_id(finding, "kycuong.finding.lapsed.v1", 2)]
    await cases.do("second", finding, "decision", UPHELD)
    await cases.do("third", finding, "reopening")  # lapsed, so never replied to
    await cases.do("head", finding, "reply", {"accepts": True})
    await cases.refused("head", finding, "reply", {"accepts": True})
    await cases.refused("lead", finding, "withdrawal", REASON)
    await cases.do("third", finding, "decision", EXCUSED)
    assert (await cases.shown(finding))["remedy"] == "none"
    await cases.do("reviewer", finding, "reopening", {}, 403)


async def test_a_decision_is_reopened_within_a_year(intake):
    cases = Cases(intake)
    finding = await cases.upheld()
    intake.clock.set(NOW + timedelta(days=366))
    await cases.refused("second", finding, "reopening")
    intake.clock.set(NOW + timedelta(days=364))
    await cases.do("second", finding, "reopening")
    assert "reply_due" not in await cases.data("finding.reopened")


async def test_severity_four_is_nothing_to_a_head_until_it_is_released(intake):
    cases = Cases(intake)
    finding = await cases.begin("F04", closed=False)
    await cases.refused("reviewer", finding, "release", REASON)
    await intake.put("inspector", f"inspections/{cases.inspection}/closing/{fresh()}", closing())
    await intake.put("head", f"inspections/{cases.inspection}/acknowledgement/{fresh()}", {})
    for noun, body in (("reply", {"accepts": True}), ("appeal", {}), ("remedy-report", {"done_on": "2026-09-01"})):
        await cases.do("head", finding, noun, body, 404)
    await intake.get("head", f"/intake/v1/findings/{finding}", 404)
    await cases.refused("reviewer", finding, "decision", UPHELD, "/problems/reply-window-open")
    assert "release" in (await cases.shown(finding))["may"]
    await cases.do("reviewer", finding, "release", REASON)
    assert (await cases.data("finding.released"))["reply_due"] == "2026-09-09T16:59:59.999Z"
    await cases.refused("reviewer", finding, "release", REASON)
    visit = await intake.get("head", f"/intake/v1/inspections/{cases.inspection}")
    assert visit["acknowledged"] is False and visit["found"] == {"all": 1, "reply": 1, "decision": 0}
    assert (await cases.shown(finding, "head"))["may"] == ["reply", "extension-request"]
    await cases.do("head", finding, "reply", {"accepts": False})
    await cases.do("reviewer", finding, "decision", UPHELD)
    assert "remedy_due" not in await cases.data("finding.decided")
    await cases.refused("head", finding, "remedy-plan", {"feasible": False})
    await cases.do("head", finding, "appeal")


async def test_a_correction_keeps_what_it_does_not_name_and_opens_the_window_anew(intake):
    cases = Cases(intake)
    finding = fresh()
    await cases.begin()
    body = recording(cases.inspection, code="A03", private={"narrative": "Bàn trống.", "persons": ["Bà A"]})
    await intake.put("inspector", f"findings/{finding}", body)
    right = {"code": "A05", "count": 4, "captured_at": "2026-09-01T07:50:00+07:00", "private": {"reason": "Đếm lại."}}
    for code, status in (("F04", 422), ("K04", 422), ("Z99", 422)):
        assert (await cases.do("inspector", finding, "correction", right | {"code": code}, status))["errors"][0][
            "pointer"
        ] == "/code"
    missing = await cases.do("inspector", finding, "correction", right | {"private": {}}, 422)
    assert missing["errors"][0]["pointer"] == "/private/reason"
    await cases.do("head", finding, "correction", right, 403)
    await cases.do("inspector", finding, "correction", right)
    told = await cases.data("finding.corrected")
    assert (told["code"], told["severity"], told["count"], "reply_due" in told) == ("A05", 3, 4, False)
    private = (await cases.shown(finding))["private"]
    assert (private["narrative"], private["persons"]) == ("Bàn trống.", ["Bà A"])
    await cases.do("head", finding, "reply", {"accepts": True})
    intake.clock.set(NOW + timedelta(hours=25))
    await cases.refused("inspector", finding, "correction", right, "/problems/correction-too-late")
    again = right | {"code": "A03", "private": {"reason": "Sai mã.", "narrative": "Ba bàn trống."}}
    await cases.do("lead", finding, "correction", again)
    assert (await cases.data("finding.corrected"))["reply_due"] == "2026-09-09T16:59:59.999Z"
    shown = await cases.shown(finding, "head")
    assert (shown["state"], shown["accepts"], shown["code"]) == ("recorded", None, "A03")
    assert shown["private"]["narrative"] == "Ba bàn trống." and "reply" in shown["may"]
    await cases.do("head", finding, "reply", {"accepts": False})
    await cases.do("reviewer", finding, "decision", UPHELD)
    await cases.refused("lead", finding, "correction", again)


async def test_a_deadline_is_put_off_to_a_working_day_not_too_far_and_only_while_it_runs(intake):
    cases = Cases(intake)
    finding = await cases.begin()
    for until in ("2026-09-09", "2026-09-12", "2026-10-08"):
        refused = await cases.do("reviewer", finding, "extension", {"of": "reply", "until": until}, 422)
        assert refused["errors"][0]["pointer"] == "/until"
    for who in ("head", "lead", "inspector"):
        await cases.do(who, finding, "extension", {"of": "reply", "until": "2026-09-15"}, 403)
    await cases.logged()
    await cases.do("reviewer", finding, "extension", {"of": "reply", "until": "2026-09-15"})
    assert (await cases.data("finding.extended"))["reply_due"] == "2026-09-15T16:59:59.999Z"
    await cases.do("reviewer", finding, "extension", {"of": "reply", "until": "2026-10-08"}, 422)  # of the first one
    await cases.refused("reviewer", finding, "extension", {"of": "remedy", "until": "2026-10-01"})
    assert await cases.passes(day("2026-09-15")) == 0
    assert await cases.passes(day("2026-09-16")) == 1
    await cases.refused("reviewer", finding, "extension", {"of": "reply", "until": "2026-09-20"})
    await cases.do("reviewer", finding, "decision", UPHELD)
    due = (await cases.due(finding, "remedy"))["due"]
    assert due == "2026-10-07T16:59:59.999Z"
    more = {"of": "remedy", "until": "2026-10-12"}
    assert (await cases.do("head", finding, "extension-request", more))["state"] == "extension_requested"
    assert (await cases.data("remedy.extension_requested"))["of"] == "remedy"
    await cases.do("reviewer", finding, "extension", more)
    assert (await cases.data("remedy.extended"))["remedy_due"] == "2026-10-12T16:59:59.999Z"


async def test_a_remedy_planned_reported_refused_and_verified(intake):
    cases = Cases(intake)
    finding = await cases.upheld()
    plan = {"feasible": True, "due": "2026-09-23", "private": {"actions": "Bố trí người trực."}}
    for wrong, pointer in (
        ({"due": "2026-09-24"}, "/due"), ({"feasible": False}, "/due"), ({"due": "mai"}, "/due"),
        ({"feasible": 1}, "/feasible"),
    ):  # fmt: skip
        refused = await cases.do("head", finding, "remedy-plan", plan | wrong, 422)
        assert refused["errors"][0]["pointer"] == pointer
    await cases.do("parent-head", finding, "remedy-plan", plan, 403)
    await cases.do("head", finding, "remedy-plan", plan)
    await cases.do("head", finding, "remedy-plan", plan | {"due": "2026-09-10"})
    await cases.refused("reviewer", finding, "remedy-verification", {"outcome": "verified"})
    future = await cases.do("head", finding, "remedy-report", {"done_on": "2026-09-02"}, 422)
    assert future["errors"][0]["pointer"] == "/done_on"
    await cases.do("head", finding, "remedy-report", {"done_on": "2026-09-01", "private": {"text": "Đã xong."}})
    assert (await cases.data("remedy.reported"))["in_time"] is True
    assert (await cases.due(finding, "remedy"))["state"] == "met"
    await cases.refused("head", finding, "remedy-plan", plan)
    await cases.do("inspector", finding, "remedy-verification", {"outcome": "refused"}, 403)
    assert (await cases.do("lead", finding, "remedy-verification", {"outcome": "refused", **REASON}))[
        "state"
    ] == "refused"
    assert (await cases.data("remedy.refused"))["remedy_due"] == "2026-09-09T16:59:59.999Z"
    await cases.logged()
    assert await cases.passes(day("2026-09-10")) == 1
    overdue = await cases.data("remedy.overdue")
    assert (overdue["n"], overdue["due"]) == (1, "2026-09-09T16:59:59.999Z")
    await cases.do("head", finding, "remedy-report", {"done_on": "2026-09-09"})
    assert (await cases.data("remedy.reported"))["in_time"] is False
    await cases.do("lead", finding, "remedy-verification", {"outcome": "refused", **REASON})
    assert "remedy_due" not in await cases.data("remedy.refused")  # that was the last one
    await cases.do("head", finding, "remedy-report", {"done_on": "2026-09-10"})
    assert (await cases.do("reviewer", finding, "remedy-verification", {"outcome": "verified"}))["state"] == "verified"
    assert "waived" not in await cases.data("remedy.verified")
    await cases.refused("head", finding, "remedy-report", {"done_on": "2026-09-10"})


async def test_what_comes_after_a_deadline_and_before_the_sweep_comes_after_what_passed(intake):
    """Whatever stops a remedy's clock tells first that it was over, once; a reply is taken until its lapse is told."""
    cases = Cases(intake)
    cannot = {"feasible": False, "private": {"actions": "Thiếu kinh phí."}}
    report, verified, overdue = {"done_on": "2026-09-01"}, {"outcome": "verified"}, "remedy.overdue"
    late = (
        (await cases.upheld(), "head", "remedy-report", report, [overdue, "remedy.reported"]),
        (await cases.upheld(), "reviewer", "remedy-verification", verified, [overdue, "remedy.verified"]),
        (await cases.upheld(), "second", "reopening", REASON, [overdue, "finding.reopened"]),
        (await cases.begin("A01"), "reviewer", "decision", EXCUSED, [overdue, "finding.decided"]),
        (await cases.upheld(), "head", "remedy-plan", cannot, ["remedy.planned"]),  # its clock runs on
        (await cases.begin(), "head", "reply", {"accepts": False}, ["finding.replied"]),
    )  # fmt: skip
    await cases.do("head", late[1][0], "remedy-plan", cannot)
    await cases.do("head", late[3][0], "reply", {"accepts": True})
    await cases.logged()
    unlogged = await cases.upheld("A05")  # the log has had it for no time yet
    intake.clock.set(day("2026-09-24"))
    for finding, who, noun, body, told in (*late, (unlogged, "head", "remedy-report", report, ["remedy.reported"])):
        before = await intake.event_bytes()
        await cases.do(who, finding, noun, body)
        events = [validate_event(raw) for raw in (await intake.event_bytes())[len(before) :]]
        assert [one["type"] for one in events] == [f"kycuong.{kind}.v1" for kind in told]
        assert [one["unitseq"] for one in events] == list(range(events[0]["unitseq"], events[0]["unitseq"] + len(told)))
        if len(told) == 2:
            assert (events[0]["time"], events[0]["data"]["n"]) == ("2026-09-23T16:59:59.999Z", 1)
            assert events[0]["id"] == derived_id(finding, events[0]["type"], 1)
    assert [one["type"].split(".", 1)[1] for one in (await cases.shown(late[0][0]))["history"]][-2:] == [
        "remedy.overdue.v1", "remedy.reported.v1",
    ]  # fmt: skip
    assert (await cases.due(late[0][0], "remedy"))["state"] == "lapsed"
    assert await cases.passes(day("2026-09-24")) == 1  # of what is planned alone
    assert (await cases.data("remedy.overdue"))["finding"] == late[4][0]


async def test_what_cannot_be_put_right_is_waived_or_given_time(intake):
    cases = Cases(intake)
    finding, other = await cases.upheld(), await cases.upheld("A05")
    for one in (finding, other):
        await cases.do("head", one, "remedy-plan", {"feasible": False, "private": {"actions": "Thiếu kinh phí."}})
    await cases.do("reviewer", finding, "remedy-verification", {"outcome": "verified"})
    assert (await cases.data("remedy.verified"))["waived"] is True
    assert (await cases.shown(finding))["remedy"] == "waived"
    await cases.do("reviewer", other, "remedy-verification", {"outcome": "refused"})
    assert "remedy_due" not in await cases.data("remedy.refused")
    assert await cases.due(other, "remedy") == {"of": "remedy", "due": "2026-09-23T16:59:59.999Z", "state": "open"}
    await cases.logged()
    assert await cases.passes(day("2026-09-24")) == 1


async def test_a_light_one_is_put_right_once_it_counts(intake):
    cases = Cases(intake)
    accepted, lapsed = await cases.begin("A01"), await cases.begin("A01")
    await cases.refused("head", accepted, "remedy-plan", {"feasible": False})
    await cases.do("head", accepted, "reply", {"accepts": True})
    assert (await cases.due(accepted, "remedy"))["due"] == "2026-09-23T16:59:59.999Z"
    await cases.do("head", accepted, "remedy-report", {"done_on": "2026-09-01"})
    await cases.logged()
    assert await cases.passes(day("2026-09-10")) == 1
    assert (await cases.shown(lapsed))["remedy"] == "due"
    assert await cases.passes(day("2026-09-24")) == 1
    assert (await cases.data("remedy.overdue"))["finding"] == lapsed
    await cases.do("reviewer", lapsed, "decision", EXCUSED)
    assert (await cases.shown(lapsed))["remedy"] == "none"


async def test_nobody_judges_a_unit_that_he_leads_or_lately_led(intake):
    cases = Cases(intake)
    finding = await cases.begin()
    await intake.token("reviewer", account="former")
    await intake.token("unit_head", UNIT, account="former", key="former as head")
    pool = intake.service.pool
    post = await pool.fetchval("SELECT id FROM identity.appointment WHERE account = 'former' AND role = 'unit_head'")
    for past in (False, True):
        if past:
            async with pool.acquire() as connection:
                await end_appointment(connection, intake.service.settings.source, post, NOW)
            intake.clock.set(NOW + timedelta(minutes=1))
        for noun, body in (
            ("decision", EXCUSED), ("extension", {"of": "reply", "until": "2026-09-15"}), ("release", {}),
            ("reopening", {}), ("remedy-verification", {"outcome": "verified"}), ("second-review", EXCUSED),
        ):  # fmt: skip
            await cases.do("former", finding, noun, body, 403)
        assert (await cases.shown(finding, "former"))["may"] == []


async def test_an_appeal_that_waits_too_long_holds_the_official_edition(intake):
    cases = Cases(intake)
    finding = await cases.upheld()
    await cases.do("head", finding, "appeal")
    intake.clock.set(day("2026-10-16"))
    refused = await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", {"edition": "official"}, 409)
    assert refused.json()["type"] == "/problems/appeals-open"
    await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", {"edition": "flash"})
    await cases.do("second", finding, "decision", EXCUSED)
    await intake.put("reviewer", f"quarters/2026-Q3/closing/{fresh()}", {"edition": "official"})


async def test_a_second_review_is_blind_and_of_what_the_log_drew(intake, monkeypatch):
    cases = Cases(intake)
    undrawn = await cases.upheld()
    await cases.logged()
    await cases.refused("second", undrawn, "second-review", EXCUSED)
    monkeypatch.setattr(receipts, "is_drawn", lambda root: len(root) == 32)
    finding = await cases.upheld()

    async def judged(who):
        [visit] = (await intake.get(who, "/intake/v1/desk?list=handled"))["items"]
        return {one["id"]: one["outcome"] for one in visit["findings"]}[finding]

    assert await judged("second") == "upheld"
    await cases.logged()  # the log draws it, and no event tells of that
    assert await judged("second") is None

    async def row(who):
        items = (await intake.get(who, "/intake/v1/findings"))["items"]
        return next(one for one in items if one["id"] == finding)

    blind = await row("second")
    assert blind["outcome"] is None and blind["remedy"] == "none" and "second-review" in blind["may"]
    assert (await row("reviewer"))["outcome"] == "upheld" and "second-review" not in (await row("reviewer"))["may"]
    await cases.do("reviewer", finding, "second-review", EXCUSED, 403)
    await cases.shown(finding, "third")
    await cases.refused("third", finding, "second-review", EXCUSED, "/problems/already-read")
    assert (await row("third"))["outcome"] == "upheld"
    assert [one["id"] for one in (await intake.get("second", "/intake/v1/desk?list=second"))["items"]] == [
        cases.inspection
    ]
    assert (await intake.get("third", "/intake/v1/desk?list=second"))["items"] == []
    kept = await intake.get("second", f"/intake/v1/findings/{finding}?blind=true")
    assert (kept["outcome"], kept["remedy"], "decision" in kept["private"]) == (None, "none", False)
    assert [one["type"] for one in kept["history"]] == ["kycuong.finding.recorded.v1", "kycuong.finding.replied.v1"]
    assert set(kept["answers"]) == {"reply"}
    for who in ("reviewer", "third", "auditor"):
        await intake.get(who, f"/intake/v1/findings/{finding}?blind=true", 404)
    before = await cases.shown(finding)
    done = await cases.do("second", finding, "second-review", EXCUSED)
    assert (done["state"], done["unit"]) == ("second_reviewed", "-")
    assert (await cases.data("finding.second_reviewed"))["outcome"] == "excused"
    assert await cases.shown(finding) == before  # it changes nothing
    await cases.refused("second", finding, "second-review", EXCUSED)
    assert (await row("second"))["outcome"] == "upheld"


def test_a_twentieth_is_drawn_and_by_the_root_alone():
    drawn = [second.is_drawn(n.to_bytes(32)) for n in range(20_000)]
    assert 900 < sum(drawn) < 1100


async def test_where_each_step_stands_in_the_log_is_told(intake):
    cases = Cases(intake)
    finding = await cases.upheld()
    assert {one["index"] for one in (await cases.shown(finding))["history"]} == {None}
    entries = await intake.events()
    await cases.logged()
    history = (await cases.shown(finding, "auditor"))["history"]
    about = [
        (index, one["type"], one["time"], one["data"]["by"]["role"])
        for index, one in enumerate(entries) if one["data"].get("finding") == finding
    ]  # fmt: skip
    assert [(one["index"], one["type"], one["time"], one["role"]) for one in history] == about
