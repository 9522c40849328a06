"""What stands on a paper: words, tables and bars, ready to be set in type. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: heads, widths in cm, the rows' cells, and which columns hold figures (set to the right)."""

    heads: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]
    figures: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of bars: of each its label, its length (0 to 1) and the figure beside it."""

    title: str
    bars: Sequence[tuple[str, float, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A headed part: paragraphs, then a chart, then a table, each if there is one."""

    head: str
    text: Sequence[str] = ()
    bars: Bars | None = None
    grid: Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole paper; `wide`: across the page, for tables of many columns."""

    department: str
    number: str
    place_and_day: str
    title: str
    subtitle: str
    opening: Sequence[str]
    parts: Sequence[Part]
    signer: str
    recipients: Sequence[str]
    proof: Sequence[str]
    address: str
    mark: str
    wide: bool
    made_on: date


def day_in_words(day: date) -> str:
    """As papers write a day: a nought before 1 and 2 of the months only, before 1 to 9 of the days."""
    month = day.month if day.month > 2 else f"{day:%m}"
    return f"ngày {day:%d} tháng {month} năm {day.year}"
