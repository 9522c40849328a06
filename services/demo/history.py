"""The demo's story as batches in order of time: the tree, then three quarters of 2026 up to now. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from services.demo.batches import MAX_LINES, Batch, Sender, head_of
from services.demo.cases import Case, Cases
from services.demo.hours import local
from services.demo.ids import Ids
from services.demo.province import province
from services.demo.remedies import Remedies
from services.demo.schedule import (
    ANSWERED_AT,
    DECIDED_AT,
    FILED_AT,
    FIRST_DAY,
    INSPECTORS,
    PHU_LAM,
    TAN_HOA,
    WITHDRAWN_AT,
    Agenda,
    story_end,
)
from services.demo.tree import BEFORE, REFORM, Change, Province, Unit
from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue
from services.kernel.quarters import quarter_of

DEFAULT_SEED = 1
ADMIN, LEAD, REVIEWER = Sender("admin", "admin"), Sender("lead", "lead"), Sender("reviewer", "reviewer")
LATER_FILED = date(2026, 3, 30)
CLOSINGS = {
    date(2026, 7, 6): ("2026-Q2", "flash"),
    date(2026, 7, 24): ("2026-Q2", "official"),
    date(2026, 10, 5): ("2026-Q3", "flash"),
    date(2026, 10, 23): ("2026-Q3", "official"),
}
CLOSED_QUARTERS = ("2026-Q2", "2026-Q3")
PUBLISHED = "2026-Q2"  # the other one waits for whoever tries it
_CLOSED_AT, _PLANNED_AT = time(10), time(16)
PLANNED_ON = date(2026, 9, 24)
_ROUND = {
    "basis": "31/KH-SNV", "kind": "planned", "from": "2026-10-01", "to": "2026-12-31",
    "strata": [{"group": "xa", "size": 12}, {"group": "phuong", "size": 4}],
    "chosen": [{"unit": PHU_LAM, "selection": "scheduled"}],
}  # fmt: skip
_GOING = {"unit": PHU_LAM, "opener": INSPECTORS[0], "team": [INSPECTORS[1]], "from": "2026-12-01", "to": "2026-12-31"}
_RECHECK_CHANCE = 0.3
_RECHECK_AFTER = 25  # working days
_DAY = timedelta(days=1)


def story(seed: int, now: datetime, catalogue: Catalogue, calendar: WorkingCalendar) -> Iterator[Batch]:
    """All that was filed until now, in order of time; TooEarly when now lies before the last chapter."""
    end = story_end(now, calendar)
    tree = province(seed)
    ids = Ids(seed)
    yield from _directory(tree, ids)
    yield from _Story(seed, tree, ids, catalogue, calendar, end).batches(now)


def publication_of(batches: Sequence[Batch], ids: Ids) -> Batch:
    """The publication of a closed quarter's official edition, filed last; its root is still to be put in."""
    path = f"quarters/{PUBLISHED}/closing/"
    official, closing = next(
        (batch.clock, line.path.removeprefix(path))
        for batch in batches for line in batch.lines
        if line.path.startswith(path) and line.body["edition"] == "official"
    )  # fmt: skip
    publication = Batch(batches[-1].clock, REVIEWER)
    publication.add(f"quarters/{PUBLISHED}/publication/{ids.at(official, 'publication')}", {"closing": closing})
    return publication


def _directory(tree: Province, ids: Ids) -> Iterator[Batch]:
    yield from _changes(tree.before, local(BEFORE, time(8)), ids)
    yield from _changes(tree.reform, local(REFORM, time(7)), ids)
    yield from _changes(tree.later, local(LATER_FILED, time(9)), ids)


def _changes(changes: tuple[Change, ...], clock: datetime, ids: Ids) -> Iterator[Batch]:
    for first in range(0, len(changes), MAX_LINES):
        batch = Batch(clock, ADMIN)
        for number, change in enumerate(changes[first : first + MAX_LINES], start=first):
            batch.add(f"unit-changes/{ids.at(clock, f'change/{number}')}", change.body())
        yield batch


@dataclass(slots=True)
class _Alert:
    """An inspection that its unit's head answers on a day."""

    inspection: str
    cases: list[Case]


@dataclass(slots=True)
class _Story:
    """The inspections' chapters, told day by day."""

    seed: int
    tree: Province
    ids: Ids
    catalogue: Catalogue
    calendar: WorkingCalendar
    end: date
    units: tuple[Unit, ...] = field(init=False)
    answers: dict[date, list[_Alert]] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    remedies: Remedies = field(init=False)

    def __post_init__(self) -> None:
        self.units = self.tree.current
        self.remedies = Remedies(self.seed, self.ids, self.calendar)

    def batches(self, now: datetime) -> Iterator[Batch]:
        """Every batch up to now."""
        agenda = Agenda(self.seed, self.units, self.end)
        follow = Cases(self.seed, self.ids, self.catalogue, self.calendar)
        day = FIRST_DAY
        while day <= max(self.end, now.date()):
            if self.calendar.is_working(day):
                yield from (batch for batch in self._day(day, agenda, follow) if batch.clock <= now)
            day += _DAY

    def _day(self, day: date, agenda: Agenda, follow: Cases) -> Iterator[Batch]:
        yield from self._answered(day, follow)
        yield from self.remedies.heads(day)
        yield from self._quarter_closed(day)
        yield from self._withdrawn(day, follow)
        yield from self._planned(day)
        if self._is_review_day(day):
            yield from self._decided(day, agenda, follow)
            yield from (batch for batch in self.remedies.judged(day, REVIEWER) if batch.lines)
        if day <= self.end:
            yield from self._visited(day, agenda, follow)

    def _answered(self, day: date, follow: Cases) -> Iterator[Batch]:
        """One batch for each head who answers today."""
        by_unit: dict[str, Batch] = {}
        for alert in self.answers.pop(day, []):
            standing = [case for case in alert.cases if not case.withdrawn and case.code.severity < 4]
            if not standing:
                continue
            unit = standing[0].visit.unit.unit
            batch = by_unit.setdefault(unit, Batch(local(day, ANSWERED_AT), head_of(unit)))
            follow.answer(alert.inspection, standing, batch)
        yield from by_unit.values()

    def _quarter_closed(self, day: date) -> Iterator[Batch]:
        if day in CLOSINGS:
            quarter, edition = CLOSINGS[day]
            batch = Batch(local(day, _CLOSED_AT), REVIEWER)
            write = self.ids.at(batch.clock, f"{quarter}/{edition}")
            batch.add(f"quarters/{quarter}/closing/{write}", {"edition": edition})
            yield batch

    def _planned(self, day: date) -> Iterator[Batch]:
        """The last quarter's round: what it draws, the log decides; the one chosen unit is assigned at once."""
        if day == PLANNED_ON:
            batch = Batch(local(day, _PLANNED_AT), LEAD)
            plan, going = (self.ids.at(batch.clock, f"round/{what}") for what in ("plan", "assignment"))
            batch.add(f"rounds/{plan}", dict(_ROUND))
            batch.add(f"rounds/{plan}/assignments/{going}", dict(_GOING))
            yield batch

    def _withdrawn(self, day: date, follow: Cases) -> Iterator[Batch]:
        batch = Batch(local(day, WITHDRAWN_AT), LEAD)
        for case in self.cases:
            if case.taken_back_on == day:
                case.taken_back_on = None
                follow.withdraw(case, batch)
        if batch.lines:
            yield batch

    def _is_review_day(self, day: date) -> bool:
        """The last working day of a week."""
        following = self.calendar.add_working_days(day, 1)
        return following.isocalendar()[:2] != day.isocalendar()[:2]

    def _decided(self, day: date, agenda: Agenda, follow: Cases) -> Iterator[Batch]:
        """The reviewer takes up what is ready, and praises a unit now and then."""
        batch = Batch(local(day, DECIDED_AT), REVIEWER)
        ready = [case for case in self.cases if case.ready(batch.clock)]
        taken = {case.id for case in ready}
        self.cases = [case for case in self.cases if case.id not in taken and not case.withdrawn]
        random = Random(f"{self.seed}/review/{day}")
        for case in ready:
            outcome = follow.decide(case, batch)
            if outcome == "upheld":
                self.remedies.follow(case, day)
            if outcome == "upheld" and case.visit.unit.unit != TAN_HOA and random.random() < _RECHECK_CHANCE:
                agenda.recheck(case.visit.unit.unit, self.calendar.add_working_days(day, _RECHECK_AFTER))
        self._commend(day, batch, random)
        if batch.lines:
            yield batch

    def _commend(self, day: date, batch: Batch, random: Random) -> None:
        """A unit or two are praised each week, for something of the days before in the same quarter."""
        for number in range(random.randint(0, 2)):
            unit = random.choice(self.units).unit
            seen = day - timedelta(days=random.randint(0, 4))
            if quarter_of(seen) != quarter_of(day) or unit == TAN_HOA:
                continue
            write = self.ids.at(batch.clock, f"commendation/{day}/{number}")
            code = random.choices(("K01", "K02", "K03"), (5, 3, 2))[0]
            text = f"{self.catalogue.codes[code].name_vi}: tập thể đơn vị."
            batch.add(
                f"commendations/{write}",
                {"unit": unit, "code": code, "date": seen.isoformat(), "private": {"text": text}},
            )

    def _visited(self, day: date, agenda: Agenda, follow: Cases) -> Iterator[Batch]:
        """Each team's opener files the day's visits when the day is over."""
        for visits in agenda.visits(day):
            batch = Batch(local(day, FILED_AT), Sender("inspector", visits[0].opener))
            for visit in visits:
                inspection, cases = follow.file(visit, batch)
                self.cases += cases
                answered = follow.answer_day(visit, batch.clock)
                if answered is not None and cases and visit.closed is not None:
                    self.answers.setdefault(answered, []).append(_Alert(inspection, cases))
            yield batch
