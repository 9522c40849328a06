"""A quarter at a glance: what was found most, where, and what changed since the quarter before. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.reports.reading.totals import Found, Total
from services.reports.scoring.method import GROUPS

Row = Mapping[str, Any]
SMALL = 10
"""Under so many inspections a rate says little: its cell is hatched."""
_SHADES = 4
_MOST = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """A code: counted findings, what they count together, the units they were made in."""

    code: str
    findings: int
    times: int
    units: int
    share: float
    """Of the most frequent code's findings, 0…1: the length of its bar."""


def violations(found: Iterable[Found], most: int = _MOST) -> list[Violation]:
    """The codes found most."""
    findings: Counter[str] = Counter()
    times: Counter[str] = Counter()
    units: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        findings[one.code] += one.findings
        times[one.code] += one.times
        units[one.code].add(one.unit)
    codes = sorted(findings, key=lambda code: (-findings[code], code))[:most]
    return [
        Violation(code, findings[code], times[code], len(units[code]), findings[code] / findings[codes[0]])
        for code in codes
    ]


@dataclass(frozen=True, slots=True)
class Cell:
    """Counted findings of a group of codes per 100 inspections of a kind of unit; None without an inspection."""

    group: str
    findings: int
    rate: str | None
    shade: int
    """0 (none) … 4 (the highest of the table)."""
    small: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of unit with its inspections and units, and a cell for every group of codes."""

    kind: str
    inspections: int
    units: int
    cells: Sequence[Cell]


def heat(rows: Iterable[Row], found: Iterable[Found]) -> list[Line]:
    """Kinds of unit by groups of codes; kinds that were never inspected are left out."""
    inspections: Counter[str] = Counter()
    units: Counter[str] = Counter()
    kinds = {row["unit"]: row["group"] for row in rows}
    for row in rows:
        inspections[row["group"]] += row["exposure"]["inspections"]
        units[row["group"]] += bool(row["exposure"]["inspections"])
    findings: Counter[tuple[str, str]] = Counter()
    for one in found:
        if one.unit in kinds:
            findings[kinds[one.unit], one.code[0]] += one.findings
    shown = [kind for kind, number in inspections.items() if number]
    top = max((Decimal(findings[kind, group]) / inspections[kind] for kind in shown for group in GROUPS), default=0)
    return [
        Line(kind, inspections[kind], units[kind], [
            _cell(group, findings[kind, group], inspections[kind], Decimal(top)) for group in GROUPS
        ]) for kind in sorted(shown)
    ]  # fmt: skip


def _cell(group: str, findings: int, inspections: int, top: Decimal) -> Cell:
    rate = Decimal(findings) / inspections
    shade = 0 if not findings else max(1, int(rate / top * _SHADES + Decimal("0.5")))
    return Cell(group, findings, str(round(100 * rate, 1)), shade, inspections < SMALL)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of a quarter beside the quarter before; `better` is None where neither way is."""

    name: str
    unit: str
    values: Sequence[Decimal | None]
    """By quarter, the newest last; None where there is nothing to divide by."""
    lower_is_better: bool | None

    @property
    def now(self) -> Decimal | None:
        """The newest value."""
        return self.values[-1]

    @property
    def was(self) -> Decimal | None:
        """The one before."""
        return self.values[-2] if len(self.values) > 1 else None

    @property
    def better(self) -> bool | None:
        """Whether it went the right way."""
        if self.now is None or self.was is None or self.now == self.was or self.lower_is_better is None:
            return None
        return (self.now < self.was) is self.lower_is_better


def changes(totals: Sequence[Total]) -> list[Change]:
    """Figures by quarter, the newest last; each is a count or a share with its denominator in the table beside."""
    return [
        Change("units", "", [Decimal(one.units) for one in totals], None),  # a quarter under way has fewer so far
        Change("rate", "", [_share(one.findings, one.persons) for one in totals], True),
        Change("replies", "%", [_share(one.replied, one.replied + one.lapsed) for one in totals], False),
        Change("remedies", "%", [_share(one.remedied, one.remedied + one.overdue) for one in totals], False),
    ]


def _share(part: int, whole: int) -> Decimal | None:
    return round(Decimal(100 * part) / whole, 1) if whole else None
