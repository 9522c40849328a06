"""A small line of a figure's last quarters, as numbers for an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 120, 34
_EDGE = 5.0


@dataclass(frozen=True, slots=True)
class Spark:
    """The line's pieces as SVG points (broken where a quarter has no figure), and the places of all figures."""

    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]


def spark(values: Sequence[Decimal | None]) -> Spark | None:
    """The line of two figures or more, the newest at the right; None for less."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    step = (WIDTH - 2 * _EDGE) / (len(values) - 1)
    pieces: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((round(_EDGE + place * step, 1), _height(value, low, high)))
    return Spark(
        [" ".join(f"{x},{y}" for x, y in piece) for piece in pieces if len(piece) > 1],
        [dot for piece in pieces for dot in piece],
    )


def _height(value: Decimal, low: Decimal, high: Decimal) -> float:
    share = float((value - low) / (high - low)) if high > low else 0.5
    return round(HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE), 1)
