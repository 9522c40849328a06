"""What keeps coming back, by kind of unit: whom to train in what; and who answers in time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.reports.reading.totals import Found, Judged, KindTotal
from services.reports.statistics.consistency import FEWEST, FEWEST_READ
from services.reports.statistics.intervals import share_shown, wilson_shown

_MOST = 15
_AGAIN = 2


@dataclass(frozen=True, slots=True)
class Need:
    """A code in a kind of unit: units that have it, units that had it in two inspections or more, inspections there."""

    code: str
    kind: str
    units: int
    again: int
    inspections: int


def needs(
    found: Iterable[Found], kinds: Mapping[str, str], totals: Iterable[KindTotal], most: int = _MOST
) -> list[Need]:
    """The codes that repeat, where most units repeat them first; nothing for a code that came back nowhere."""
    units: defaultdict[tuple[str, str], int] = defaultdict(int)
    again: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in found:
        if one.unit in kinds:
            units[one.code, kinds[one.unit]] += 1
            again[one.code, kinds[one.unit]] += one.inspections >= _AGAIN
    inspections: defaultdict[str, int] = defaultdict(int)
    for total in totals:
        inspections[total.kind] += total.inspections
    repeated = sorted((key for key in again if again[key]), key=lambda key: (-again[key], -units[key], key))
    return [Need(code, kind, units[code, kind], again[code, kind], inspections[kind]) for code, kind in repeated[:most]]


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, in per cent with its 95 % interval (Wilson); `percent` is None of nothing."""

    part: int
    whole: int
    percent: str | None
    interval: tuple[str, str] | None


def share(part: int, whole: int) -> Share:
    """A share as it is shown."""
    return Share(part, whole, share_shown(part, whole, 1), wilson_shown(part, whole) if whole else None)


@dataclass(frozen=True, slots=True)
class Punctual:
    """A kind of unit's replies and remedies in time."""

    kind: str
    replies: Share
    remedies: Share


def punctuality(totals: Iterable[KindTotal], quarter: str) -> list[Punctual]:
    """Of one quarter, by kind; kinds without a deadline that ended are left out."""
    found = [
        Punctual(
            one.kind, share(one.replied, one.replied + one.lapsed), share(one.remedied, one.remedied + one.overdue)
        )
        for one in totals
        if one.quarter == quarter
    ]
    return [one for one in found if one.replies.whole or one.remedies.whole]


@dataclass(frozen=True, slots=True)
class Course:
    """A kind of unit's counted findings per 100 persons checked by quarter; None where nobody was checked."""

    kind: str
    values: Sequence[Decimal | None]


def courses(totals: Iterable[KindTotal], quarters: Sequence[str]) -> list[Course]:
    """The small multiples, by kind."""
    known = {(one.kind, one.quarter): one for one in totals}
    return [
        Course(kind, [_rate(known.get((kind, quarter))) for quarter in quarters])
        for kind in sorted({kind for kind, _ in known})
    ]


def _rate(total: KindTotal | None) -> Decimal | None:
    return round(Decimal(100 * total.findings) / total.persons, 1) if total and total.persons else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """An inspector's, a team's or everybody's quarter: how many findings, and how the decisions about them stood up."""

    members: tuple[str, ...]
    checks: int
    findings: int
    rate: Decimal
    overturned: Share
    agreed: Share
    reversed: Share


def judgements(quarter: Iterable[Judged]) -> list[Judgement]:
    """Of those with 30 persons checked or more; the highest share overturned first."""
    found = [_judgement(one) for one in quarter if one.checks >= FEWEST]
    return sorted(found, key=lambda one: (-float(one.overturned.percent or 0), one.members))


def _judgement(one: Judged) -> Judgement:
    return Judgement(
        tuple(one.who.split()),
        one.checks,
        one.findings,
        round(Decimal(100 * one.findings) / one.checks, 1),
        enough(one.overturned, one.decided),
        enough(one.agreed, one.seconded),
        enough(one.reversed, one.again),
    )


def enough(part: int, whole: int) -> Share:
    """A share of 5 cases or more; of fewer only the numbers."""
    return share(part, whole) if whole >= FEWEST_READ else Share(part, whole, None, None)
