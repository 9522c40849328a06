"""A unit's figures as numbers for an SVG: its rate with its range beside its peers', and its last quarters. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

WIDTH, HEIGHT = 340, 74
LEFT, RIGHT = 14, 14
PAST_HEIGHT = 120
_TOP, _FLOOR = 24, 92
_ROOM = Decimal("1.15")
_STEPS = tuple(Decimal(step) for step in ("0.5", "1", "2", "5", "10", "20", "50", "100"))


@dataclass(frozen=True, slots=True)
class Range:
    """Places on the axis of violations per 100 persons checked."""

    low: float
    high: float
    rate: float
    peers: float
    ticks: Sequence[tuple[float, str]]


def peers_rate(comparison: Mapping[str, Any]) -> str | None:
    """What the unit's peers would have per 100 of its persons checked; None without exposure."""
    if not comparison["exposure"] or comparison["expected"] is None:
        return None
    return str(round(100 * Decimal(comparison["expected"]) / comparison["exposure"], 1))


def unit_range(comparison: Mapping[str, Any] | None) -> Range | None:
    """The range of a compared unit; None where nothing was estimated."""
    if comparison is None or comparison["rate"] is None or comparison["interval"] is None:
        return None
    peers = peers_rate(comparison)
    if peers is None:
        return None
    low, high = map(Decimal, comparison["interval"])
    most = max(high, Decimal(peers)) * _ROOM
    scale = (WIDTH - LEFT - RIGHT) / float(most)
    step = next((one for one in _STEPS if most / one <= 6), _STEPS[-1])
    ticks = [(_x(step * number, scale), f"{(step * number).normalize():f}") for number in range(int(most / step) + 1)]
    return Range(
        _x(low, scale), _x(high, scale), _x(Decimal(comparison["rate"]), scale), _x(Decimal(peers), scale), ticks
    )


def _x(value: Decimal, scale: float) -> float:
    return round(LEFT + float(value) * scale, 1)


@dataclass(frozen=True, slots=True)
class Point:
    """A quarter's score on the line; `restated` when that quarter was issued again."""

    quarter: str
    score: str
    x: float
    y: float
    restated: bool


def past_line(quarters: Sequence[str], scores: Sequence[str | None], restated: frozenset[str]) -> list[Point]:
    """The scores of some quarters from 0 to 100 points, the newest at the right; those without one are left out."""
    step = (WIDTH - 2 * 40) / max(1, len(quarters) - 1)
    low = min((Decimal(score) for score in scores if score is not None), default=Decimal(0))
    floor = Decimal(min(80, int(low) // 10 * 10))
    return [
        Point(quarter, score, round(40 + place * step, 1), _y(Decimal(score), floor), quarter in restated)
        for place, (quarter, score) in enumerate(zip(quarters, scores, strict=True))
        if score is not None
    ]


def _y(score: Decimal, floor: Decimal) -> float:
    return round(_FLOOR - float((score - floor) / (100 - floor)) * (_FLOOR - _TOP), 1)


def change(points: Sequence[Point]) -> Decimal | None:
    """From the last but one to the last; None of fewer than two."""
    return Decimal(points[-1].score) - Decimal(points[-2].score) if len(points) > 1 else None


def line(points: Sequence[Point]) -> str:
    """The points of an SVG polyline."""
    return " ".join(f"{point.x},{point.y}" for point in points)
