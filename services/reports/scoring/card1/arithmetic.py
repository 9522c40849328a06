"""Scorecard arithmetic, method card/1: exact, pure, from the rules published in the log (domain §5, design §4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from services.domain.case import GRAVE, SCORED
from services.reports.facts.standing import Standing
from services.reports.scoring.method import GROUPS, BadRules, Observation, Visit

FULL_MARK = Fraction(100)
NOTHING, WHOLE = Fraction(0), Fraction(1)
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
        value = Fraction(shown_score)
        reached = next(name for name, floor in self.bands if value >= floor)
        return self._lowest([reached, *self._held(gates)])

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


def _bands(listed: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, Fraction], ...]:
    """Bands from the highest floor down; the lowest must start at 0 so that every score has one."""
    bands = sorted(((str(band["band"]), _exact(band["from"])) for band in listed), key=lambda band: -band[1])
    if not bands or bands[-1][1] > 0:
        raise BadRules("no band starts at 0")
    return tuple(bands)


@dataclass(frozen=True, slots=True)
class Item:
    """A counted finding with what it costs, before its group's cap; `remedied` when less for that."""

    observation: Observation
    factor: Fraction
    points: Fraction
    remedied: bool = False


@dataclass(frozen=True, slots=True)
class VisitScore:
    """One inspection's counted items, capped deductions and score."""

    visit: Visit
    items: tuple[Item, ...]
    deductions: Mapping[str, Fraction]
    score: Fraction


@dataclass(frozen=True, slots=True)
class QuarterScore:
    """A unit's quarter: `score` is None without a closed inspection."""

    visits: tuple[VisitScore, ...]
    deductions: Mapping[str, Fraction]
    bonus: Fraction
    gates: tuple[str, ...]
    score: Fraction | None


def factor(rules: Rules, observation: Observation, persons_checked: int) -> Fraction:
    """What a point weighs: base over persons checked for a person's code, 1 for a unit's."""
    if not observation.per_person or persons_checked <= rules.base_persons:
        return WHOLE
    return Fraction(rules.base_persons, persons_checked)


def score_items(rules: Rules, visit: Visit, counted: frozenset[Standing]) -> tuple[Item, ...]:
    """Each counted finding's points in log order; a repeated unit code scores on its first only."""
    items: list[Item] = []
    scored_unit_codes: set[str] = set()
    for seen in sorted(visit.observations, key=lambda one: one.index):
        if seen.severity not in SCORED or seen.standing not in counted:
            continue
        weight = factor(rules, seen, visit.persons_checked)
        points = rules.points[seen.severity] * _times(seen, scored_unit_codes)
        if weight is not WHOLE:
            points *= weight
        returned = rules.returned(seen)
        items.append(Item(seen, weight, points * (1 - returned), True) if returned else Item(seen, weight, points))
    return tuple(items)


def _times(seen: Observation, scored_unit_codes: set[str]) -> int:
    """How often a finding's points apply; remembers the unit codes already scored."""
    if seen.per_person or seen.per_case:
        return seen.count
    if seen.code in scored_unit_codes:
        return 0
    scored_unit_codes.add(seen.code)
    return 1


def score_visit(rules: Rules, visit: Visit, counted: frozenset[Standing] = COUNTED) -> VisitScore:
    """One inspection: 100 less each group's deduction, capped."""
    items = score_items(rules, visit, counted)
    deductions = dict.fromkeys(GROUPS, NOTHING)
    for item in items:
        if item.points:
            group = item.observation.group
            deductions[group] = min(rules.caps[group], deductions[group] + item.points)
    return VisitScore(visit, items, deductions, FULL_MARK - _sum(deductions.values()))


def score_quarter(
    rules: Rules, visits: Sequence[Visit], commendations: Sequence[str], counted: frozenset[Standing] = COUNTED
) -> QuarterScore:
    """A unit's quarter: means over its closed inspections, plus bonus, at most 100."""
    scored = tuple(score_visit(rules, visit, counted) for visit in visits)
    standing_items = [item.observation for visit in scored for item in visit.items]
    bonus = _bonus(rules, commendations, standing_items)
    score = None
    if scored:
        score = min(FULL_MARK, _mean([visit.score for visit in scored]) + bonus)
    return QuarterScore(
        visits=scored,
        deductions={group: _mean([visit.deductions[group] for visit in scored]) for group in GROUPS},
        bonus=bonus,
        gates=_gates(rules, standing_items),
        score=score,
    )


def _gates(rules: Rules, standing_items: Collection[Observation]) -> tuple[str, ...]:
    held = {gate.gate for gate in rules.gates if any(rules.holds(gate, seen) for seen in standing_items)}
    return tuple(sorted(held))


def _bonus(rules: Rules, commendations: Sequence[str], standing_items: Iterable[Observation]) -> Fraction:
    if any(seen.severity == GRAVE for seen in standing_items):
        return NOTHING
    earned = sum(1 for code in commendations if code in rules.bonus_codes)
    return min(rules.bonus_max, rules.bonus_each * earned)


def _mean(values: Sequence[Fraction]) -> Fraction:
    if len(values) == 1:
        return values[0]
    total = _sum(values)
    return total / len(values) if total else NOTHING


def _sum(values: Iterable[Fraction]) -> Fraction:
    """Most groups lose nothing: they are passed over, for exact addition is dear."""
    return sum(filter(None, values), NOTHING)
