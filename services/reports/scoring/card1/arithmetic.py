"""Scorecard arithmetic, method card/1: exact, pure, from the rules published in the log (domain §5, design §4)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, lcm
from operator import attrgetter
from typing import Any, ClassVar

from services.domain.case import GRAVE, SCORED
from services.reports.facts.standing import Standing
from services.reports.scoring.method import GROUPS, BadRules, Observation, Visit, shown

FULL_MARK = Fraction(100)
NOTHING = Fraction(0)
NO_GATES: frozenset[str] = frozenset()
COUNTED = frozenset({Standing.COUNTS})
COUNTED_OR_PENDING = frozenset({Standing.COUNTS, Standing.PENDING})


@dataclass(frozen=True, slots=True)
class Gate:
    """A counted finding of `code` holds the band down to `at_most`; a later method has gates without a code."""

    gate: str
    code: str | None
    at_most: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A scoring version as published: caps, points, base, bonus, bands, gates.

    `RETURNED` is the part of an item's points that its unit gets back for a remedy in time.
    """

    RETURNED: ClassVar[Fraction] = NOTHING

    version: str
    caps: Mapping[str, Fraction]
    points: Mapping[int, Fraction]
    base_persons: int
    bonus_codes: frozenset[str]
    bonus_each: Fraction
    bonus_max: Fraction
    bands: tuple[tuple[str, Fraction], ...]
    gates: tuple[Gate, ...]
    scale: int = field(init=False)
    """In whose parts points and caps, also half of them, are whole numbers."""
    whole_points: Mapping[int, int] = field(init=False)
    whole_caps: Mapping[str, int] = field(init=False)
    shown_caps: Mapping[str, int | str] = field(init=False)
    gate_codes: frozenset[str | None] = field(init=False)
    whole_bands: tuple[tuple[str, int], ...] = field(init=False)
    """From how many hundredths on, as scores are shown."""

    def __post_init__(self) -> None:
        exact = (*self.points.values(), *self.caps.values())
        scale = lcm(*(one.denominator for one in exact)) * self.RETURNED.denominator
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "whole_points", {key: int(one * scale) for key, one in self.points.items()})
        object.__setattr__(self, "gate_codes", frozenset(gate.code for gate in self.gates))
        object.__setattr__(self, "shown_caps", {key: _plain(one) for key, one in self.caps.items()})
        object.__setattr__(self, "whole_bands", tuple((band, ceil(100 * floor)) for band, floor in self.bands))
        object.__setattr__(self, "whole_caps", {key: int(one * scale) for key, one in self.caps.items()})

    @classmethod
    def read(cls, version: str, rules: Mapping[str, Any]) -> Rules:
        """The rules of a scoring.published event; BadRules when they are incomplete."""
        try:
            return cls(
                version=version,
                caps={group: _exact(rules["caps"][group]) for group in GROUPS},
                points={severity: _exact(rules["points"][str(severity)]) for severity in sorted(SCORED)},
                base_persons=int(rules["base_persons"]),
                bonus_codes=frozenset(rules["bonus"]["codes"]),
                bonus_each=_exact(rules["bonus"]["each"]),
                bonus_max=_exact(rules["bonus"]["max"]),
                bands=_bands(rules["bands"]),
                gates=tuple(map(cls.gate, rules["gates"])),
            )
        except (KeyError, TypeError) as error:
            raise BadRules(f"scoring {version} lacks or misshapes {error}") from error

    @classmethod
    def gate(cls, published: Mapping[str, Any]) -> Gate:
        """A gate as published; KeyError when it lacks its code."""
        return Gate(published["gate"], published["code"], published["at_most"])

    def holds(self, gate: Gate, seen: Observation) -> bool:
        """Whether a counted finding makes a gate stand."""
        return gate.code == seen.code

    def returned(self, seen: Observation) -> Fraction:
        """The part of an item's points that its remedy gives back; none of severity 3."""
        return self.RETURNED if seen.remedied and seen.severity < GRAVE else NOTHING

    def band(self, shown_score: str, gates: Collection[str]) -> str:
        """The band of a shown score, no higher than any gate allows."""
        hundredths = int(shown_score.replace(".", ""))
        reached = next(name for name, floor in self.whole_bands if hundredths >= floor)
        return self._lowest([reached, *self._held(gates)]) if gates else reached

    def at_most(self, gates: Collection[str]) -> str | None:
        """The highest band that these gates leave; None without any."""
        held = self._held(gates)
        return self._lowest(held) if held else None

    def _held(self, gates: Collection[str]) -> list[str]:
        return [gate.at_most for gate in self.gates if gate.gate in gates]

    def _lowest(self, bands: Sequence[str]) -> str:
        names = [name for name, _ in self.bands]
        return names[max(names.index(band) for band in bands)]


def _exact(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise BadRules(f"{value!r} is not an exact number (an integer or a decimal string)")
    return Fraction(value)


def _plain(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else shown(value)


def _bands(listed: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, Fraction], ...]:
    """Bands from the highest floor down; the lowest must start at 0 so that every score has one."""
    bands = sorted(((str(band["band"]), _exact(band["from"])) for band in listed), key=lambda band: -band[1])
    if not bands or bands[-1][1] > 0:
        raise BadRules("no band starts at 0")
    return tuple(bands)


@dataclass(slots=True)
class Item:
    """A counted finding with what it costs, `cost` of `parts` of a point, before its group's cap.

    `over` is by how many persons its points are divided; `remedied` when it costs less for that.
    """

    observation: Observation
    base: int
    over: int
    cost: int
    parts: int
    remedied: bool = False

    @property
    def factor(self) -> Fraction:
        """What a point weighs: base over persons checked for a person's code, 1 for a unit's."""
        return Fraction(self.base, self.over)

    @property
    def points(self) -> Fraction:
        """What it costs."""
        return Fraction(self.cost, self.parts)


@dataclass(slots=True)
class VisitScore:
    """One inspection's counted items, what they cost by group once capped, in so many parts of a point, and its gates.

    Whole numbers of one denominator: exact addition of fractions would take most of the time of a fold. `grave`: one of
    the items leaves no bonus.
    """

    visit: Visit
    items: tuple[Item, ...]
    costs: Mapping[str, int]
    parts: int
    gates: frozenset[str]
    grave: bool

    @property
    def deductions(self) -> Mapping[str, Fraction]:
        """What each group costs, capped."""
        return {group: Fraction(self.costs.get(group, 0), self.parts) for group in GROUPS}

    @property
    def score(self) -> Fraction:
        """The full mark less all deductions."""
        return FULL_MARK - Fraction(sum(self.costs.values()), self.parts)


@dataclass(frozen=True, slots=True)
class QuarterScore:
    """A unit's quarter: what each group costs in so many parts of a point; `score` is None without a visit."""

    visits: tuple[VisitScore, ...]
    costs: Mapping[str, int]
    parts: int
    bonus: Fraction
    gates: tuple[str, ...]
    score: Fraction | None

    @property
    def deductions(self) -> Mapping[str, Fraction]:
        """What each group costs."""
        return {group: Fraction(self.costs.get(group, 0), self.parts) for group in GROUPS}


def score_visit(rules: Rules, visit: Visit, counted: frozenset[Standing] = COUNTED) -> VisitScore:
    """One inspection: 100 less each group's deduction, capped; a repeated unit code scores on its first item only."""
    items: list[Item] = []
    costs: dict[str, int] = {}
    gates, grave, scored_unit_codes = NO_GATES, False, set[str]()
    base, persons, points = rules.base_persons, _persons(rules, visit), rules.whole_points
    parts = rules.scale * persons
    for seen in sorted(visit.observations, key=_log_index):
        severity = seen.severity
        if severity not in SCORED or seen.standing not in counted:
            continue
        weighs, over = (base, persons) if seen.per_person and persons > 1 else (1, 1)
        cost = points[severity] * _times(seen, scored_unit_codes) * (weighs * persons // over)
        returned = rules.returned(seen) if seen.remedied else None
        if returned:
            cost = cost * (returned.denominator - returned.numerator) // returned.denominator
        items.append(Item(seen, weighs, over, cost, parts, bool(returned)))
        if cost:
            costs[seen.group] = min(rules.whole_caps[seen.group] * persons, costs.get(seen.group, 0) + cost)
        grave = grave or severity == GRAVE
        if seen.overdue or seen.code in rules.gate_codes:
            gates |= {gate.gate for gate in rules.gates if rules.holds(gate, seen)}
    return VisitScore(visit, tuple(items), costs, parts, gates, grave)


def _persons(rules: Rules, visit: Visit) -> int:
    """By how many persons a person's code is divided: 1 up to the base."""
    return visit.persons_checked if visit.persons_checked > rules.base_persons else 1


_log_index = attrgetter("index")


def _times(seen: Observation, scored_unit_codes: set[str]) -> int:
    """How often a finding's points apply; remembers the unit codes already scored."""
    if seen.per_person or seen.per_case:
        return seen.count
    if seen.code in scored_unit_codes:
        return 0
    scored_unit_codes.add(seen.code)
    return 1


def score_quarter(
    rules: Rules, visits: Sequence[Visit], commendations: Sequence[str], counted: frozenset[Standing] = COUNTED
) -> QuarterScore:
    """A unit's quarter: means over its closed inspections, plus bonus, at most 100."""
    return quarter_of(rules, [score_visit(rules, visit, counted) for visit in visits], commendations)


def if_upheld(rules: Rules, now: QuarterScore, commendations: Sequence[str]) -> QuarterScore:
    """The same quarter as if all that is pending were upheld."""
    visits = [
        score_visit(rules, scored.visit, COUNTED_OR_PENDING)
        if any(seen.standing is Standing.PENDING for seen in scored.visit.observations)
        else scored
        for scored in now.visits
    ]
    return quarter_of(rules, visits, commendations)


def each_upheld(
    rules: Rules, now: QuarterScore, commendations: Sequence[str]
) -> Iterator[tuple[Observation, QuarterScore]]:
    """The same quarter as if one pending finding were upheld, for each: only its inspection is scored again."""
    for place, scored in enumerate(now.visits):
        before, after = now.visits[:place], now.visits[place + 1 :]
        for seen in scored.visit.observations:
            if seen.standing is Standing.PENDING:
                then = score_visit(rules, _upholding(scored.visit, seen))
                yield seen, quarter_of(rules, (*before, then, *after), commendations)


def _upholding(visit: Visit, one: Observation) -> Visit:
    upheld = replace(one, standing=Standing.COUNTS)
    return replace(visit, observations=tuple(upheld if seen is one else seen for seen in visit.observations))


def quarter_of(rules: Rules, scored: Sequence[VisitScore], commendations: Sequence[str]) -> QuarterScore:
    """A unit's quarter of its inspections' scores."""
    praised = bool(commendations) and not any(visit.grave for visit in scored)
    bonus = _bonus(rules, commendations) if praised else NOTHING
    costs, parts = _added(scored)
    score = None
    if scored:
        score = Fraction(100 * parts - max(0, sum(costs.values())), parts)
        score = min(FULL_MARK, score + bonus) if bonus else score
    gates = {gate for visit in scored for gate in visit.gates}
    return QuarterScore(tuple(scored), costs, parts, bonus, tuple(sorted(gates)), score)


def _added(scored: Sequence[VisitScore]) -> tuple[Mapping[str, int], int]:
    """The mean of each group's costs over the inspections, in so many parts of a point."""
    shared = lcm(*{visit.parts for visit in scored})
    costs: dict[str, int] = {}
    for visit in scored:
        times = shared // visit.parts
        for group, cost in visit.costs.items():
            costs[group] = costs.get(group, 0) + cost * times
    return costs, shared * max(1, len(scored))


def _bonus(rules: Rules, commendations: Sequence[str]) -> Fraction:
    earned = sum(1 for code in commendations if code in rules.bonus_codes)
    return min(rules.bonus_max, rules.bonus_each * earned)
