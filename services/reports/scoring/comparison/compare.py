"""Method comparison/1: each unit of a quarter beside its peers. Pure; loads scipy and mpmath when a group is fitted.

Facts in, comparisons out: `compare` is all that live cards, frozen ones, cards at a size and a recomputation call.
What it is given are integers, and every figure is rounded so that no library's version shows (`statistics.shown`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from services.reports.scoring.comparison.rules import Comparison, Least
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally, span
from services.reports.statistics import discovery, funnel, ranks, trend
from services.reports.statistics.grid import HIGH, LOW, Posterior
from services.reports.statistics.marshall import RANKABLE, moments, rankability
from services.reports.statistics.shown import shown
from services.reports.statistics.strata import expected_counts

FEWEST_UNITS, FEWEST_FINDINGS = 8, 10
WINDOW = 4
SURELY = -math.log(0.025)
"""Below this expected count not even zero findings are credibly few."""


def compare(rules: Comparison, quarter: str, units: Mapping[str, Seen]) -> dict[str, dict[str, Any]]:
    """The `comparison` of every unit's card in a quarter, without `size`: a function of these counts alone.

    `units` are all that have a card in the quarter, each with its tallies (`tally`) of the quarter and the four before
    (`span`); quarters without a visit may be left out. In whatever order they come, the figures are the same.
    """
    looked_at = {unit: _Window.of(rules.least, quarter, seen) for unit, seen in sorted(units.items())}
    pools = _Pools(rules.peers, looked_at)
    return {unit: pools.of(window).told(unit, window) for unit, window in looked_at.items()}


@dataclass(frozen=True, slots=True)
class _Window:
    """What is compared of a unit: its quarter, or its last four when that says too little."""

    seen: Seen
    quarters: Sequence[str]
    enough: bool
    quarter: str
    strata: tuple[Stratum, Stratum]
    """Visits drawn by lot, and scheduled ones, over the window's quarters."""

    @classmethod
    def of(cls, least: Least, quarter: str, seen: Seen) -> _Window:
        alone, four = (quarter,), span(quarter, WINDOW)
        if _enough(least, seen, alone):
            return cls(seen, alone, True, quarter, _strata(seen, alone))
        return cls(seen, four, _enough(least, seen, four), quarter, _strata(seen, four))

    @property
    def counts(self) -> tuple[int, int]:
        """Observed, and exposure."""
        random, scheduled = self.strata
        return random.observed + scheduled.observed, random.persons + scheduled.persons


def _strata(seen: Seen, quarters: Sequence[str]) -> tuple[Stratum, Stratum]:
    tallies = [seen.quarters[one] for one in quarters if one in seen.quarters]
    return _sum(one.random for one in tallies), _sum(one.scheduled for one in tallies)


def _sum(strata: Iterable[Stratum]) -> Stratum:
    return Stratum(*map(sum, zip(*strata, strict=True))) if (strata := list(strata)) else Stratum()


def _enough(least: Least, seen: Seen, quarters: Sequence[str]) -> bool:
    """Inspectors are counted inside one quarter: their pseudonyms change with it."""
    tallies = [seen.quarters.get(one, Tally()) for one in quarters]
    return (
        sum(one.persons for one in tallies) >= least.persons
        and sum(one.visits for one in tallies) >= least.visits
        and max(one.inspectors for one in tallies) >= least.inspectors
    )


class _Pools:
    """The peer groups of a quarter: a group, or when it is too small the larger one that it merges into, once."""

    def __init__(self, peers: Mapping[str, str], windows: Mapping[str, _Window]) -> None:
        self._peers = peers
        self._windows = {unit: window for unit, window in windows.items() if window.counts[1]}
        self._made: dict[str, _Pool] = {}

    def of(self, window: _Window) -> _Pool:
        group = window.seen.group
        own = self._pool(group, lambda one: one == group)
        if own.large or group not in self._peers:
            return own
        parent = self._peers[group]
        return self._pool(parent, lambda one: self._peers.get(one, one) == parent)

    def _pool(self, name: str, belongs: Callable[[str], bool]) -> _Pool:
        if name not in self._made:
            members = {unit: one for unit, one in self._windows.items() if belongs(one.seen.group)}
            self._made[name] = _Pool(name, members)
        return self._made[name]


class _Pool:
    """A peer group with what is fitted to it; members are the units with any exposure, by id."""

    def __init__(self, name: str, members: Mapping[str, _Window]) -> None:
        self._name = name
        self._members = members
        self._counts = {unit: window.counts for unit, window in members.items()}

    @cached_property
    def large(self) -> bool:
        """Whether it can be fitted."""
        return len(self._members) >= FEWEST_UNITS and sum(o for o, _ in self._counts.values()) >= FEWEST_FINDINGS

    @cached_property
    def _fit(self) -> Posterior:
        return Posterior(list(self._counts.values()))

    @cached_property
    def expected(self) -> dict[str, Fraction]:
        """By how the visits were chosen."""
        strata = [[(one.observed, one.persons) for one in window.strata] for window in self._members.values()]
        return dict(zip(self._members, expected_counts(strata), strict=True))

    @cached_property
    def _tau2(self) -> float:
        return float(funnel.over_dispersion([o for o, _ in self._counts.values()], list(self.expected.values()))[1])

    @cached_property
    def z(self) -> dict[str, str]:
        """Of every unit with enough to say, as shown."""
        return {unit: self._z(unit) for unit, window in self._members.items() if window.enough}

    def _z(self, unit: str) -> str:
        observed, expected = self._counts[unit][0], self.expected[unit]

        def precise() -> Any:
            import mpmath

            each = {name: mpmath.mpf(one.numerator) / one.denominator for name, one in self.expected.items()}
            found = [o for o, _ in self._counts.values()]
            _, tau2 = funnel.over_dispersion(found, list(each.values()), mpmath.sqrt, mpmath.fsum)
            return funnel.z_over_dispersed(observed, each[unit], tau2, mpmath.sqrt)

        return shown(funnel.z_over_dispersed(observed, expected, self._tau2), 2, precise)

    @cached_property
    def _discovered(self) -> frozenset[str]:
        """The units on the worse side that stand out when it is allowed for that many were looked at."""
        adjusted = discovery.benjamini_hochberg([discovery.upper_tail(float(z)) for z in self.z.values()])
        return frozenset(unit for unit, p in zip(self.z, adjusted, strict=True) if p <= discovery.LEVEL)

    @cached_property
    def _rates(self) -> dict[str, tuple[str, list[str]]]:
        """Rate and interval of every member per 100, as shown."""
        ends = self._fit.quantiles(list(self._counts.values()), (LOW, HIGH))
        return {
            unit: self._rate(*counts, both) for (unit, counts), both in zip(self._counts.items(), ends, strict=True)
        }

    def _rate(self, observed: int, exposure: int, ends: Sequence[float]) -> tuple[str, list[str]]:
        return self._mean(observed, exposure), [
            _percent(end, lambda level=level, end=end: self._fit.precise_quantile(observed, exposure, level, end))  # type: ignore[misc]
            for level, end in zip((LOW, HIGH), ends, strict=True)
        ]

    def _mean(self, observed: int, exposure: int) -> str:
        fit = self._fit
        return _percent(fit.mean(observed, exposure), lambda: fit.precise_mean(observed, exposure))

    @cached_property
    def _ranks(self) -> dict[str, dict[str, Any]]:
        """Of every member; of none where too much of the order is chance. The prior is the grid's mean node."""
        observed, exposure = zip(*self._counts.values(), strict=True)
        if rankability(moments(observed, exposure), exposure) < RANKABLE:
            return {}
        m, cv = self._fit.expectation()
        shapes, rates = [cv**-2 + o for o in observed], [cv**-2 / m + n for n in exposure]
        means, ends = ranks.expected_ranks(shapes, rates), ranks.rank_intervals(shapes, rates)
        return {
            unit: {"expected": shown(mean, 1, lambda at=at: self._precise_rank(at)), "interval": list(both)}  # type: ignore[misc]
            for at, (unit, mean, both) in enumerate(zip(self._counts, means, ends, strict=True))
        }

    def _precise_rank(self, at: int) -> Any:
        import mpmath

        nodes = self._fit.precise
        m = mpmath.fsum(node.weight * node.alpha / node.beta for node in nodes)
        cv = mpmath.fsum(node.weight / mpmath.sqrt(node.alpha) for node in nodes)
        shapes = [cv**-2 + o for o, _ in self._counts.values()]
        return ranks.precise_rank(shapes, [cv**-2 / m + n for _, n in self._counts.values()], at)

    def told(self, unit: str, window: _Window) -> dict[str, Any]:
        """A unit's comparison as the wire shows it; figures that would say nothing are null, never 0."""
        observed, exposure = window.counts
        known = self.large and exposure > 0
        judged = known and window.enough
        rate, interval = self._rates[unit] if known else (None, None)
        z = self.z[unit] if judged else None
        return {
            "peer_group": self._name,
            "units": len(self._members),
            "window": list(window.quarters),
            "observed": observed,
            "exposure": exposure,
            "expected": _exactly(self.expected[unit]) if known else None,
            "rate": rate,
            "interval": interval,
            "z": z,
            "standing": _standing(z),
            "better": z is not None and float(z) < -funnel.WATCH and self.expected[unit] >= SURELY,
            "fdr": judged and unit in self._discovered,
            "rank": self._ranks.get(unit) if judged else None,
            "random_share": _random_share(window),
            "trend": self._trend(window),
        }

    def _trend(self, window: _Window) -> dict[str, Any]:
        """The four quarters before, by the same prior; improved since last year's same quarter, for the seasons."""
        before = span(window.quarter)[:-1]
        now, then = (_counts(window.seen, quarter) for quarter in (window.quarter, before[0]))
        comparable = self.large and now[1] > 0 and then[1] > 0
        return {
            "previous": [self._earlier(quarter, *_counts(window.seen, quarter)) for quarter in before],
            "improved": self._improved(now, then) if comparable else None,
        }

    def _earlier(self, quarter: str, observed: int, exposure: int) -> dict[str, Any]:
        rate = self._mean(observed, exposure) if self.large and exposure else None
        return {"quarter": quarter, "observed": observed, "exposure": exposure, "rate": rate}

    def _improved(self, now: trend.Counts, then: trend.Counts) -> str:
        fit = self._fit
        return shown(trend.improved(fit, now, then), 2, lambda: trend.precise_improved(fit, now, then))


def _counts(seen: Seen, quarter: str) -> trend.Counts:
    one = seen.quarters.get(quarter, Tally())
    return one.observed, one.persons


def _percent(value: float, precise: Callable[[], Any]) -> str:
    return shown(100 * value, 4, lambda: 100 * precise())


def _exactly(value: Fraction, places: int = 2) -> str:
    return shown(float(value), places, lambda: value)


def _standing(z: str | None) -> str:
    """Read off the shown z, on the worse side only."""
    if z is None:
        return "insufficient"
    return "alarm" if float(z) > funnel.ALARM else "watch" if float(z) > funnel.WATCH else "within"


def _random_share(window: _Window) -> str | None:
    """Which part of the compared visits was drawn by lot; None without any."""
    random, scheduled = window.strata
    visits = random.visits + scheduled.visits
    return _exactly(Fraction(random.visits, visits)) if visits else None
