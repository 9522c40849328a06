"""Many units in one picture: every rate with its range, and the funnel of what chance allows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.reports.statistics.funnel import ALARM, WATCH, limits_over_dispersed, over_dispersion

Row = Mapping[str, Any]
WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, FLOOR = 44, 12, 14, 238
_STEPS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_SAMPLES = 48
_LEAST = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A unit's 95 % range and its estimate, from the lowest rate to the highest."""

    unit: str
    x: float
    low: float
    high: float
    rate: float
    standing: str


@dataclass(frozen=True, slots=True)
class Caterpillar:
    """The bars, and the marks of the axis of violations per 100 persons checked."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, float]]


def estimated(rows: Iterable[Row]) -> list[Row]:
    """The rows that are compared, by standing and then rate, the highest first."""
    known = [row for row in rows if row["comparison"] and row["comparison"]["z"] is not None]
    order = {"alarm": 0, "watch": 1}
    return sorted(
        known,
        key=lambda row: (order.get(row["comparison"]["standing"], 2), -float(row["comparison"]["rate"]), row["unit"]),
    )


def caterpillar(rows: Sequence[Row]) -> Caterpillar | None:
    """The picture of estimated rows; None of fewer than two."""
    if len(rows) < 2:
        return None
    told = [row["comparison"] for row in rows]
    most = max(float(one["interval"][1]) for one in told)
    step = (WIDTH - LEFT - RIGHT) / len(rows)
    bars = [
        Bar(
            row["unit"], round(LEFT + (place + 0.5) * step, 2), _y(float(one["interval"][0]), most),
            _y(float(one["interval"][1]), most), _y(float(one["rate"]), most), one["standing"],
        )
        for place, (row, one) in enumerate(zip(rows, told, strict=True))
    ]  # fmt: skip
    return Caterpillar(bars, [(_y(mark, most), mark) for mark in _marks(most)])


def _y(value: float, most: float) -> float:
    return round(FLOOR - min(1.0, value / most) * (FLOOR - TOP), 1) if most else float(FLOOR)


def _marks(most: float) -> list[float]:
    step = next((one for one in _STEPS if most / one <= 6), _STEPS[-1])
    return [round(number * step, 1) for number in range(int(most / step) + 1)]


@dataclass(frozen=True, slots=True)
class Dot:
    """A unit by what was expected of it (x) and how many times that was found (y)."""

    unit: str
    x: float
    y: float
    standing: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """The dots of one peer group, the four limits as SVG points, and the marks of both axes."""

    group: str
    dots: Sequence[Dot]
    watch: tuple[str, str]
    alarm: tuple[str, str]
    even: float
    across: Sequence[tuple[float, float]]
    up: Sequence[tuple[float, float]]


def funnels(rows: Iterable[Row]) -> list[Funnel]:
    """A funnel for every peer group of eight compared units or more, the largest first."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        told = row["comparison"]
        if told and told["z"] is not None and told["expected"] is not None and float(told["expected"]) > 0:
            groups.setdefault(told["peer_group"], []).append(row)
    some = [(group, members) for group, members in groups.items() if len(members) >= _LEAST]
    return [_funnel(group, members) for group, members in sorted(some, key=lambda pair: (-len(pair[1]), pair[0]))]


def _funnel(group: str, rows: Sequence[Row]) -> Funnel:
    expected = [float(row["comparison"]["expected"]) for row in rows]
    observed = [int(row["comparison"]["observed"]) for row in rows]
    _, tau2 = over_dispersion(observed, expected)
    most = max(expected) * 1.05
    rarely = limits_over_dispersed(most, tau2, ALARM)[1]  # in sight at the picture's right edge at least
    high = max(2.0, 1.1 * max(o / e for o, e in zip(observed, expected, strict=True)), 1.1 * rarely)
    return Funnel(
        group=group,
        dots=[
            Dot(row["unit"], _x(e, most), _y(o / e, high), row["comparison"]["standing"])
            for row, o, e in zip(rows, observed, expected, strict=True)
        ],
        watch=_limits(WATCH, tau2, most, high),
        alarm=_limits(ALARM, tau2, most, high),
        even=_y(1.0, high),
        across=[(_x(mark, most), mark) for mark in _marks(most)],
        up=[(_y(mark, high), mark) for mark in _marks(high)],
    )


def _limits(z: float, tau2: float, most: float, high: float) -> tuple[str, str]:
    """The lower and the upper limit, which begins where it comes into the picture."""
    sampled = [most * (number + 1) / _SAMPLES for number in range(_SAMPLES)]
    pairs = [(_x(e, most), limits_over_dispersed(e, tau2, z)) for e in sampled]
    return (
        " ".join(f"{x},{_y(low, high)}" for x, (low, _) in pairs),
        " ".join(f"{x},{_y(top, high)}" for x, (_, top) in pairs if top <= high),
    )


def _x(value: float, most: float) -> float:
    return round(LEFT + value / most * (WIDTH - LEFT - RIGHT), 1)
