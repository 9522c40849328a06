"""The explorer's one chart: the log's size over time, as numbers for an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 20, 24
ROWS = 12


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of steps from the first checkpoint to the newest, and the rows that say the same in figures."""

    line: str
    area: str
    floor: int
    rows: tuple[tuple[datetime, int], ...]


def chart(points: Sequence[tuple[datetime, int]]) -> Chart | None:
    """The chart of at least two checkpoints, oldest first: between two of them the log had the earlier one's size."""
    if len(points) < 2 or points[-1][1] == 0:
        return None
    (first, _), (last, largest) = points[0], points[-1]
    span = (last - first).total_seconds() or 1.0
    across, up = (WIDTH - LEFT - RIGHT) / span, (HEIGHT - TOP - BOTTOM) / largest
    floor = HEIGHT - BOTTOM

    def x(at: datetime) -> str:
        return f"{LEFT + max(0.0, (at - first).total_seconds()) * across:.1f}"

    def y(size: int) -> str:
        return f"{floor - size * up:.1f}"

    steps = "".join(f"H{x(at)}V{y(size)}" for at, size in points[1:])
    line = f"M{x(first)} {y(points[0][1])}{steps}"
    return Chart(line, f"{line}V{floor}H{LEFT}Z", floor, thinned(points, ROWS))


def thinned(points: Sequence[tuple[datetime, int]], most: int) -> tuple[tuple[datetime, int], ...]:
    """At most so many of the points, evenly chosen, the newest first."""
    if len(points) <= most:
        return tuple(reversed(points))
    return tuple(points[(len(points) - 1) * step // (most - 1)] for step in reversed(range(most)))
