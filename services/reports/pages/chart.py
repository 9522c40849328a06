"""The dashboard's one chart: how many units scored what, as numbers for an SVG. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, HEIGHT = 340, 190
LEFT, RIGHT, TOP, BOTTOM = 26, 12, 18, 34
STEP = 5
BANDS = ("good", "fair", "average", "needs_correction")
_GAP = 1.0


@dataclass(frozen=True, slots=True)
class Block:
    """The units of one band within one bar."""

    band: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """The units whose score lies in [low, low + 5), 100 in the last; `middle` and `top` place the count."""

    low: int
    high: int
    count: int
    middle: float
    top: float
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, and the score axis' marks as (position, score)."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    floor: float
    tallest: int


def chart(rows: Sequence[Mapping[str, Any]]) -> Chart | None:
    """A bar for every 5 points from the lowest score up to 100; None when no unit has a score."""
    scored = [(_bin(row["score"]), str(row["band"])) for row in rows if row["score"] is not None]
    if not scored:
        return None
    counts = Counter(scored)
    first = min(80, min(low for low, _ in counts))
    lows = range(first, 100, STEP)
    tallest = max(sum(counts[low, band] for band in BANDS) for low in lows)
    width = (WIDTH - LEFT - RIGHT) / len(lows)
    bars = tuple(_bar(low, LEFT + place * width, width, counts, tallest) for place, low in enumerate(lows))
    spacing = STEP if len(lows) <= 8 else 2 * STEP
    ticks = tuple(
        (LEFT + (mark - first) / STEP * width, mark) for mark in range(first, 101, STEP) if mark % spacing == 0
    )
    return Chart(bars, ticks, HEIGHT - BOTTOM, tallest)


def _bin(score: str) -> int:
    return min(100 - STEP, int(Decimal(score)) // STEP * STEP)


def _bar(low: int, x: float, width: float, counts: Mapping[tuple[int, str], int], tallest: int) -> Bar:
    scale = (HEIGHT - TOP - BOTTOM) / tallest
    y = float(HEIGHT - BOTTOM)
    blocks: list[Block] = []
    for band in BANDS:
        height = counts.get((low, band), 0) * scale
        if height:
            y -= height
            blocks.append(Block(band, round(x + _GAP, 2), round(y, 2), round(width - 2 * _GAP, 2), round(height, 2)))
    count = sum(counts.get((low, band), 0) for band in BANDS)
    return Bar(low, low + STEP, count, round(x + width / 2, 2), round(y - 3, 2), tuple(blocks))
