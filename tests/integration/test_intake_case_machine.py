"""Any order of commands, by whoever: what the contract allows is taken once, anything else leaves no row and no event.

What is allowed is said by a model of one case in the contract's own words, beside the program's tables.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from services.intake.cases import deadlines as lapses
from tests.support.intake import NOW, Intake, closing, fresh, opening, populate, recording, running_intake
from tests.support.postgres import Cluster
from tests.support.schemas import validate_event

CODES = {"light": ("A01", 1), "grave": ("A05", 3), "kept": ("F04", 4)}
REVIEWERS = ("reviewer", "second", "third")
REASON = {"private": {"reason": "Theo hồ sơ."}}
MONTH = timedelta(days=30)


@dataclass
class Case:
    """One case as the contract words it."""

    severity: int
    state: str = "recorded"
    told: bool = True
    window: bool = True
    """Whether the unit may reply."""
    answered: bool = False
    """Replied to, or left unanswered, in its last window."""
    heard: bool = False
    accepts: bool | None = None
    outcome: str | None = None
    deciders: list[str] = field(default_factory=list)
    appealed: bool = False
    decided_now: bool = False
    """Whether the last decision is of this month."""
    remedy: str = "none"
    remedy_open: bool = False
    last_chance: bool = False

    @property
    def undecided(self) -> bool:
        return self.state in ("recorded", "replied", "lapsed")

    @property
    def pending_again(self) -> bool:
        return self.state in ("appealed", "reopened")

    def begin_remedy(self) -> None:
        self.remedy, self.remedy_open, self.last_chance = "due", True, False

    def end_remedy(self) -> None:
        self.remedy, self.remedy_open = "none", False

    def may(self, who: str, noun: str, body: dict[str, Any]) -> int:
        """The status that a command must get."""
        unit = who == "head"
        if unit and not self.told:
            return 404
        if noun == "reply":
            return 201 if self.window else 409
        if noun == "withdrawal":
            return 201 if self.undecided else 409
        if noun == "decision":
            return self._decision(who, body["outcome"])
        if noun == "appeal":
            return 201 if self._appealable() else 409
        if noun == "reopening":
            if who in self.deciders:
                return 403
            return 201 if self.state == "decided" else 409
        if noun == "release":
            return 201 if self.severity == 4 and not self.told and self.state == "recorded" else 409
        if noun == "second-review":
            return 403 if who in self.deciders else 409  # no log runs here: nothing is drawn
        return self._remedy(noun)

    def _decision(self, who: str, outcome: str) -> int:
        if self.pending_again and who in self.deciders:
            return 403
        if not self.undecided and not self.pending_again:
            return 409
        return 201 if outcome != "upheld" or (self.answered and self.told) else 409

    def _appealable(self) -> bool:
        return self.state == "decided" and self.outcome == "upheld" and not self.appealed and self.decided_now

    def _remedy(self, noun: str) -> int:
        if noun == "remedy-verification":
            return 201 if self.remedy in ("reported", "declined") else 409
        return 201 if self.remedy in ("due", "declined") else 409

    def take(self, who: str, noun: str, body: dict[str, Any]) -> None:
        """What an accepted command does."""
        match noun:
            case "reply":
                again = self.state == "reopened"
                self.state, self.accepts = "reopened" if again else "replied", body["accepts"]
                self.window, self.answered, self.heard = False, True, True
                if self.severity == 1 and self.accepts and not again:
                    self.begin_remedy()
            case "withdrawal":
                self.state, self.window = "withdrawn", False
                self.end_remedy()
            case "decision":
                self._take_decision(who, body["outcome"])
            case "appeal":
                self.state, self.appealed = "appealed", True
                self.end_remedy()
            case "reopening":
                self.state, self.window = "reopened", not self.heard and self.told
                self.answered = not self.window
                self.end_remedy()
            case "release":
                self.told = self.window = True
            case _:
                self._take_remedy(noun, body)

    def _take_remedy(self, noun: str, body: dict[str, Any]) -> None:
        if noun == "remedy-plan":
            self.remedy = "declined"
        elif noun == "remedy-report":
            self.remedy, self.remedy_open = "reported", False
        else:
            self._take_verification(body["outcome"])

    def _take_decision(self, who: str, outcome: str) -> None:
        counted = self.severity == 1 and self.remedy != "none"
        self.state, self.outcome, self.window, self.decided_now = "decided", outcome, False, True
        self.deciders.append(who)
        if outcome != "upheld" or self.severity == 4:
            self.end_remedy()
        elif not counted:
            self.begin_remedy()

    def _take_verification(self, outcome: str) -> None:
        if outcome == "verified":
            self.remedy, self.remedy_open = "verified", False
        else:
            if self.remedy == "reported":
                self.remedy_open = not self.last_chance
                self.last_chance = True
            self.remedy = "due"

    def month_passes(self) -> None:
        """What was to be done is late; what is light counts then."""
        self.decided_now = False
        if self.window:
            self.window, self.answered = False, True
            self.state = "reopened" if self.state == "reopened" else "lapsed"
            if self.severity == 1 and self.state == "lapsed":
                self.remedy = "due"
        self.remedy_open = False


class CaseMachine(RuleBasedStateMachine):
    """A real intake with cases of each kind, and their models."""

    runner: asyncio.Runner
    intake: Intake

    def __init__(self) -> None:
        super().__init__()
        self.intake.clock.set(NOW)
        self.months = 0
        inspection = fresh()
        self.cases = {name: Case(severity) for name, (_, severity) in CODES.items()}
        self.cases["kept"].told = self.cases["kept"].window = False
        self.ids = {name: fresh() for name in CODES}
        self.put("inspector", f"inspections/{inspection}", opening(), 201)
        for name, (code, _) in CODES.items():
            self.put("inspector", f"findings/{self.ids[name]}", recording(inspection, code=code), 201)
        self.put("inspector", f"inspections/{inspection}/closing/{fresh()}", closing(), 201)

    def run(self, awaited: Any) -> Any:
        return self.runner.run(awaited)

    def put(self, who: str, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
        return self.run(self.intake.put(who, path, body, status)).json()

    def command(self, who: str, which: str, noun: str, body: dict[str, Any]) -> None:
        case, path = self.cases[which], f"findings/{self.ids[which]}/{noun}/{fresh()}"
        status, before = case.may(who, noun, body), self.run(self.intake.rows())
        answer = self.put(who, path, body, status)
        after = self.run(self.intake.rows())
        if status == 201:
            case.take(who, noun, body)
            event = self.run(self.intake.event_bytes())[-1]
            assert validate_event(event)["id"] == answer["id"] and after["intake.outbox"] == before["intake.outbox"] + 1
        else:
            assert after == before, (status, answer)
            assert status != 409 or answer["type"] in ("/problems/wrong-state", "/problems/reply-window-open")
        self.stands(which)

    def stands(self, which: str) -> None:
        shown = self.run(self.intake.get("reviewer", f"/intake/v1/findings/{self.ids[which]}"))
        case, remedy = self.cases[which], shown["remedy"]
        assert (shown["state"], shown["outcome"]) == (case.state, case.outcome)
        assert remedy == case.remedy or (remedy, case.remedy) == ("waived", "verified")
        open_now = {one["of"] for one in shown["deadlines"] if one["state"] == "open"} - {"appeal"}
        assert open_now == {of for of, runs in (("reply", case.window), ("remedy", case.remedy_open)) if runs}

    @rule(which=st.sampled_from(sorted(CODES)), accepts=st.booleans())
    def reply(self, which: str, accepts: bool) -> None:
        self.command("head", which, "reply", {"accepts": accepts})

    @rule(which=st.sampled_from(sorted(CODES)))
    def withdraw(self, which: str) -> None:
        self.command("lead", which, "withdrawal", REASON)

    @rule(
        which=st.sampled_from(sorted(CODES)), who=st.sampled_from(REVIEWERS),
        outcome=st.sampled_from(("upheld", "upheld", "excused")),
    )  # fmt: skip
    def decide(self, which: str, who: str, outcome: str) -> None:
        self.command(who, which, "decision", {"outcome": outcome, **REASON})

    @rule(which=st.sampled_from(sorted(CODES)))
    def appeal(self, which: str) -> None:
        self.command("head", which, "appeal", {})

    @rule(
        which=st.sampled_from(sorted(CODES)), who=st.sampled_from(REVIEWERS),
        noun=st.sampled_from(("reopening", "release")),
    )  # fmt: skip
    def review(self, which: str, who: str, noun: str) -> None:
        self.command(who, which, noun, REASON)

    @rule(which=st.sampled_from(sorted(CODES)), who=st.sampled_from(REVIEWERS))
    def review_twice(self, which: str, who: str) -> None:
        self.command(who, which, "second-review", {"outcome": "excused"})

    @rule(which=st.sampled_from(sorted(CODES)), noun=st.sampled_from(("remedy-plan", "remedy-report")))
    def put_right(self, which: str, noun: str) -> None:
        self.command("head", which, noun, {"feasible": False} if noun == "remedy-plan" else {"done_on": "2026-09-01"})

    @rule(
        which=st.sampled_from(sorted(CODES)), who=st.sampled_from(("lead", "reviewer")),
        outcome=st.sampled_from(("verified", "refused")),
    )  # fmt: skip
    def verify(self, which: str, who: str, outcome: str) -> None:
        self.command(who, which, "remedy-verification", {"outcome": outcome})

    @precondition(lambda self: self.months < 2)
    @rule()
    def a_month_passes(self) -> None:
        """With the log's word that all was told in time."""
        self.months += 1
        self.intake.clock.set(NOW + self.months * MONTH)
        due = "UPDATE intake.deadline SET lapse_after = due WHERE finding = ANY($1::uuid[])"
        self.run(self.intake.service.pool.execute(due, list(self.ids.values())))
        for _ in range(2):  # what lapses may begin a remedy that is late, too
            self.run(lapses.emit(self.intake.service, self.intake.clock.now()))
            self.run(self.intake.service.pool.execute(due, list(self.ids.values())))
        for name, case in self.cases.items():
            case.month_passes()
            self.stands(name)
        kinds = [
            one["type"] for one in self.run(self.intake.events()) if one["data"].get("finding") in self.ids.values()
        ]
        assert kinds.count("kycuong.remedy.overdue.v1") <= 2 * len(self.ids)


@pytest.mark.timeout(300)
def test_every_command_in_every_state_is_taken_or_leaves_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapses, "EVERY", 3600.0)  # the machine itself says when deadlines are looked for
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            runner.run(_run(runner, stack, cluster, tmp_path))
            run_state_machine_as_test(
                CaseMachine,
                settings=settings(
                    max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, database=None,
                    suppress_health_check=list(HealthCheck), phases=[Phase.generate], report_multiple_bugs=False,
                ),
            )  # fmt: skip
        finally:
            runner.run(stack.aclose())


async def _run(runner: asyncio.Runner, stack: AsyncExitStack, cluster: Cluster, folder: Path) -> None:
    """An intake of this runner's, for one machine after another."""
    made = await stack.enter_async_context(cluster.database(folder / "data"))
    intake = await populate(await stack.enter_async_context(running_intake(made)))
    for name in REVIEWERS[1:]:
        await intake.token("reviewer", account=name)
    CaseMachine.runner, CaseMachine.intake = runner, intake
