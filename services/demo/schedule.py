"""Who is visited when: working days, teams and slots of a quarter, and the order in which units come up. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from services.demo.hours import hours_on, local
from services.demo.names import unit_id
from services.demo.observed import Observed, habits_of, observe, observe_codes, observe_example
from services.demo.tree import Kind, Unit
from services.domain.calendar import WorkingCalendar
from services.kernel.quarters import local_date, quarter_of

FIRST_DAY, LAST_DAY = date(2026, 4, 1), date(2026, 12, 31)
EARLIEST_NOW = date(2026, 10, 26)

INSPECTORS = ("inspector", *(f"inspector-{number}" for number in range(2, 10)))
TEAMS, SLOTS = 3, 3
FILED_AT, ANSWERED_AT, WITHDRAWN_AT, DECIDED_AT = time(17, 30), time(9), time(14, 30), time(15)

TAN_HOA, PHU_LAM = unit_id("xã Tân Hòa"), unit_id("xã Phú Lâm")
# These two have their own days, so a new user finds their fourth quarter untouched but for those.
_OWN_DAYS = frozenset({TAN_HOA, PHU_LAM})
EXAMPLE_DAY = date(2026, 9, 22)
REFERRAL_DAYS = frozenset({date(2026, 5, 20), date(2026, 8, 12), date(2026, 10, 14)})

# Two communes a quarter where much is wrong, so that every band comes up.
_BAD = ("A02", "A03", "A06", "B01", "B04", "C02", "D01", "D02", "E02", "H02")
_WORST = (
    *_BAD, "A01", "A05", "B05", "C01", "C03", "C05", "D03", "D06", "E01", "E03", "F01", "F03", "F05", "H01", "H03",
)  # fmt: skip
GRAVE_DAYS = {
    date(2026, 4, 22): _BAD, date(2026, 5, 12): _WORST, date(2026, 7, 21): _BAD, date(2026, 8, 18): _WORST,
    date(2026, 10, 7): _BAD, date(2026, 10, 20): _WORST,
}  # fmt: skip

_SHARE_OF_UNITS = 0.88


@dataclass(frozen=True, slots=True)
class Visit:
    """One inspection: where, by whom, when, why, and what is seen. Without `closed` it is still going on."""

    name: str
    unit: Unit
    opener: str
    team: tuple[str, ...]
    kind: str
    selection: str
    basis: str
    opened: datetime
    closed: datetime | None
    seen: Observed
    answered: bool = True


class TooEarly(ValueError):
    """The machine's clock stands before the demo's last chapter."""


def story_end(now: datetime, calendar: WorkingCalendar) -> date:
    """The last day whose visits are filed by now; TooEarly before 26 October 2026."""
    today = local_date(now)
    if today < EARLIEST_NOW:
        raise TooEarly(
            f"đồng hồ của máy chỉ ngày {today:%d/%m/%Y}; bản trình diễn cần từ ngày {EARLIEST_NOW:%d/%m/%Y} trở đi: "
            "hãy chỉnh đồng hồ rồi chạy lại"
        )
    day = min(today, LAST_DAY)
    while not calendar.is_working(day) or local(day, FILED_AT) > now:
        day -= timedelta(days=1)
    return day


def team_of(quarter: str, number: int) -> tuple[str, ...]:
    """Three inspectors; the teams are mixed anew each quarter."""
    step = {"2026-Q2": 2, "2026-Q3": 1}.get(quarter, 0)
    order = [INSPECTORS[(place * (1 + step * 3) + step) % len(INSPECTORS)] for place in range(len(INSPECTORS))]
    return tuple(order[number::TEAMS])


class Agenda:
    """Draws each day's visits; the same days give the same visits, however long the story runs."""

    def __init__(self, seed: int, units: tuple[Unit, ...], end: date) -> None:
        self._seed = seed
        self._end = end
        self._units = {unit.unit: unit for unit in units}
        self._communes = [unit.unit for unit in units if unit.kind is Kind.COMMUNE and unit.unit not in _OWN_DAYS]
        self._grave: dict[date, str] = {}
        self._queue: Iterator[str] = iter(())
        self._quarter = ""
        self._orders = 0
        self._rechecks: list[tuple[date, str]] = []

    def recheck(self, unit: str, not_before: date) -> None:
        """Ask for a visit that sees whether what was found was remedied; one is enough."""
        if all(asked != unit for _, asked in self._rechecks):
            self._rechecks.append((not_before, unit))

    def visits(self, day: date) -> list[list[Visit]]:
        """The day's visits of each team, in the order of the day."""
        if quarter_of(day) != self._quarter:
            self._begin(quarter_of(day))
        return [[self._visit(day, team, slot) for slot in range(SLOTS)] for team in range(TEAMS)]

    def _begin(self, quarter: str) -> None:
        self._quarter, self._orders = quarter, 0
        random = Random(f"{self._seed}/{quarter}/order")
        grave = [day for day in GRAVE_DAYS if quarter_of(day) == quarter]
        self._grave = dict(zip(grave, random.sample(self._communes, len(grave)), strict=True))
        kept = {*self._grave.values(), *(_OWN_DAYS if quarter != "2026-Q2" else ())}
        names = [unit for unit in self._units if unit not in kept]
        random.shuffle(names)
        names = names[: int(len(names) * _SHARE_OF_UNITS)]
        self._queue = iter(names + random.sample(names, len(names)))

    def _visit(self, day: date, team: int, slot: int) -> Visit:
        random = Random(f"{self._seed}/visit/{day}/{team}/{slot}")
        opened, closed = _times(day, slot, random)
        members = team_of(self._quarter, team)
        opener = members[0] if day == self._end else members[day.toordinal() % len(members)]
        self._orders += 1
        unit, kind, selection = self._target(day, team, slot, random)
        example, last = self._is_example(day, team, slot), self._is_last(day, team, slot)
        return Visit(
            name=f"{day}/{team}/{slot}/{unit}", unit=self._units[unit], opener=opener, team=members,
            kind=kind, selection=selection, basis=f"{self._orders}/QĐ-SNV", opened=opened,
            closed=None if day == self._end and (team, slot) == (0, SLOTS - 1) else closed,
            seen=self._seen(day, team, slot, unit, random, kind == "recheck"), answered=not (example or last),
        )  # fmt: skip

    def _target(self, day: date, team: int, slot: int, random: Random) -> tuple[str, str, str]:
        """The unit, the kind of visit and how it was selected."""
        if self._is_example(day, team, slot):
            return TAN_HOA, "unannounced", "random"
        if self._is_last(day, team, slot):
            return PHU_LAM, "planned", "scheduled"
        if self._is_grave(day, team, slot):
            return self._grave[day], "unannounced", "complaint"
        due = next((asked for asked in self._rechecks if asked[0] <= day), None)
        if due is not None and slot == 1:
            self._rechecks.remove(due)
            return due[1], "recheck", "scheduled"
        unit = next(self._queue)
        if random.random() < 0.5:
            return unit, "planned", "scheduled"
        return unit, "unannounced", random.choices(("random", "risk", "complaint"), (60, 25, 15))[0]

    def _seen(self, day: date, team: int, slot: int, unit: str, random: Random, recheck: bool) -> Observed:
        at = self._units[unit]
        if self._is_example(day, team, slot):
            return observe_example(random)
        if self._is_last(day, team, slot):
            return observe_codes(at, random, ["A01", "B01", "D04"])
        if day in REFERRAL_DAYS and (team, slot) == (1, 0):
            return observe_codes(at, random, ["B01", "C04"])
        if self._is_grave(day, team, slot):
            return observe_codes(at, random, sorted(GRAVE_DAYS[day]))
        return observe(at, random, habits_of(unit, self._seed), recheck=recheck)

    def _is_grave(self, day: date, team: int, slot: int) -> bool:
        return day in GRAVE_DAYS and (team, slot) == (2, 0)

    def _is_example(self, day: date, team: int, slot: int) -> bool:
        return (day, team, slot) == (EXAMPLE_DAY, 0, 0)

    def _is_last(self, day: date, team: int, slot: int) -> bool:
        return (day, team, slot) == (self._end, 0, 0)


def _times(day: date, slot: int, random: Random) -> tuple[datetime, datetime]:
    """Beginning and end of a visit, within the working hours of the day."""
    hours = hours_on(day)
    session, wait = ((hours.morning, 5), (hours.morning, 135), (hours.afternoon, 10))[slot]
    opened = local(day, session[0]) + timedelta(minutes=wait + random.randint(0, 15), seconds=random.randint(0, 59))
    return opened, opened + timedelta(minutes=random.randint(50, 80), seconds=random.randint(0, 59))
