"""A funnel: how far from its expected count a unit stands, and how far chance alone would let it. Pure.

Source: Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24:1185 (2005), and
Handling over-dispersion of performance indicators, Qual Saf Health Care 14:347 (2005).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

WATCH, ALARM = 1.96, 3.09
LEVELS = (0.001, 0.025, 0.975, 0.999)
_KEPT = 0.1  # winsorised at the 10th and 90th per cent
Root = Callable[[Any], Any]


def limit(expected: float, level: float) -> float:
    """The exact Poisson limit in counts, interpolated between whole ones: x = max(0, r − (F(r) − p)/(F(r) − F(r−1))).

    r is the smallest count with F(r) ≥ p, F the distribution of Poisson(E).
    """
    from scipy.stats import poisson

    r = float(poisson.ppf(level, expected))
    at, below = float(poisson.cdf(r, expected)), float(poisson.cdf(r - 1, expected))
    return max(0.0, r - (at - level) / (at - below))


def z_score(observed: int, expected: Any, root: Root = math.sqrt) -> Any:
    """z = 2(√O − √E), of variance 1 under chance; 0 where nothing was expected."""
    return 2 * (root(observed) - root(expected))


def over_dispersion(
    observed: Sequence[int], expected: Sequence[Any], root: Root = math.sqrt, add: Callable[[Any], Any] = math.fsum
) -> tuple[Any, Any]:
    """(φ, τ²): the mean of the winsorised z², and the variance between units that chance does not make.

    τ² = max(0, (Iφ − (I − 1))/(Σw − Σw²/Σw)) with w = 4E.
    """
    scores = _winsorised([z_score(o, e, root) for o, e in zip(observed, expected, strict=True)])
    units, weights = len(scores), [4 * e for e in expected]
    phi, total = add(z * z for z in scores) / units, add(weights)
    spread = total - add(w * w for w in weights) / total if total else 0
    return phi, max(0 * phi, (units * phi - (units - 1)) / spread) if spread > 0 else 0 * phi


def _winsorised(scores: Sequence[Any]) -> list[Any]:
    ordered = sorted(scores)
    low, high = _quantile(ordered, 1), _quantile(ordered, 9)
    return [min(max(score, low), high) for score in scores]


def _quantile(ordered: Sequence[Any], tenths: int) -> Any:
    """Type 7 of Hyndman and Fan: linear between the order statistics."""
    place, rest = divmod((len(ordered) - 1) * tenths, 10)
    if rest == 0:
        return ordered[place]
    return ordered[place] + (ordered[place + 1] - ordered[place]) * rest / 10


def z_over_dispersed(observed: int, expected: Any, tau2: Any, root: Root = math.sqrt) -> Any:
    """z = (√(O/E) − 1)/√(1/4E + τ²), without dividing by an E of 0."""
    return (root(observed) - root(expected)) / root((1 + 4 * tau2 * expected) / 4)


def limits_over_dispersed(expected: float, tau2: float, z: float) -> tuple[float, float]:
    """The ratios O/E between which a unit stands within z: max(0, 1 ± z√(1/4E + τ²))²; E above 0."""
    half = z * math.sqrt(1 / (4 * expected) + tau2)
    return max(0.0, 1 - half) ** 2, (1 + half) ** 2
