"""Ranks with what is not known of them: never one without its interval, and none where chance makes the order. Pure.

Source: Goldstein and Spiegelhalter, League tables and their limitations, J R Stat Soc A 159:385 (1996).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

FEW = 24
"""Up to so many units the distribution of a rank is worked out; above, its refined normal law."""
ENDS = 0.05, 0.95
_POINTS = 32
_COMMON = 256  # rates at least
_DENSE = 2  # rates in the width of the narrowest unit, wherever so many have room
_ROOM = 2**22  # numbers at once
_TAIL = 1e-9


def expected_ranks(shapes: Sequence[float], rates: Sequence[float]) -> list[float]:
    """1 + Σ P(λ_j < λ_i) of Gamma posteriors, 1 the lowest rate; P = I(a_j, a_i, b_j/(b_i + b_j)), incomplete beta."""
    import numpy as np
    from scipy.special import betainc

    a, b = np.array(shapes), np.array(rates)
    found = []
    for at in range(len(a)):  # not all at once: 5,000 units make 25 million pairs
        below = betainc(a, a[at], b / (b + b[at]))
        below[at] = 0
        found.append(1 + math.fsum(below.tolist()))
    return found


def precise_rank(shapes: Sequence[Any], rates: Sequence[Any], at: int) -> Any:
    """The expected rank of one unit at mpmath's precision."""
    import mpmath

    return 1 + mpmath.fsum(
        mpmath.betainc(shapes[j], shapes[at], 0, rates[j] / (rates[j] + rates[at]), regularized=True)
        for j in range(len(shapes))
        if j != at
    )


def rank_intervals(shapes: Sequence[float], rates: Sequence[float]) -> list[tuple[int, int]]:
    """The 90 % interval of each rank: given a unit's rate the others lie below it independently of each other.

    So the rank is 1 + a Poisson-binomial, averaged over the unit's rate; of many units by the refined normal law.
    """
    return _exactly(shapes, rates) if len(shapes) <= FEW else _refined(shapes, rates)


def _exactly(shapes: Sequence[float], rates: Sequence[float]) -> list[tuple[int, int]]:
    """By the distribution itself, at Gauss and Legendre's points over the unit's own quantiles."""
    import numpy as np
    from scipy.special import gammainc, gammaincinv

    a, b = np.array(shapes), np.array(rates)
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    found = []
    for at in range(len(a)):
        x = gammaincinv(a[at], (nodes + 1) / 2) / b[at]
        others = np.arange(len(a)) != at
        below = gammainc(a[others][:, None], b[others][:, None] * x)
        ranks = np.cumsum(_poisson_binomial(below) @ (weights / 2))
        found.append((int(np.searchsorted(ranks, ENDS[0])) + 1, int(np.searchsorted(ranks, ENDS[1])) + 1))
    return found


def _poisson_binomial(chances: Any) -> Any:
    """How many of them happen: a column for each column of chances."""
    import numpy as np

    many, columns = chances.shape
    spread = np.zeros((many + 1, columns))
    spread[0] = 1.0
    for count, chance in enumerate(chances, 1):
        spread[1 : count + 1] = spread[1 : count + 1] * (1 - chance) + spread[:count] * chance
        spread[0] *= 1 - chance
    return spread


def _refined(shapes: Sequence[float], rates: Sequence[float]) -> list[tuple[int, int]]:
    """By F(k) = Φ(u) + γ(1 − u²)φ(u)/6 with u = (k + ½ − μ)/σ, on common rates, a unit's own part taken off the sums.

    Source: Volkova, A refinement of the central limit theorem, Theory Probab Appl 40:791 (1995).
    """
    import numpy as np
    from scipy.special import gammainc, gammaincinv, gammaln, ndtr

    a, b = np.array(shapes)[:, None], np.array(rates)[:, None]
    ends = gammaincinv(a, _TAIL) / b, gammaincinv(a, 1 - _TAIL) / b
    first, last = ends[0].min(), ends[1].max()
    # of a thousand findings a unit's rate is known so well that it may lie between two points
    needed = int(_DENSE * math.log(last / first) * math.sqrt(a.max()))
    x = np.geomspace(first, last, max(_COMMON, min(needed, _ROOM // len(a))))
    below = gammainc(a, b * x)
    logs = a * np.log(b * x) - b * x - gammaln(a)
    density = np.exp(logs - logs.max(1, keepdims=True))
    density /= density.sum(1, keepdims=True)
    parts = below, below * (1 - below), below * (1 - below) * (1 - 2 * below)
    mean, spread, third = (part.sum(0) - part for part in parts)
    sigma = np.sqrt(np.maximum(spread, _TAIL))
    skew = third / sigma**3

    def reached(count: Any) -> Any:
        u = (count[:, None] + 0.5 - mean) / sigma
        refined = ndtr(u) + skew * (1 - u * u) * np.exp(-u * u / 2) / np.sqrt(72 * np.pi)
        return (density * np.clip(refined, 0, 1)).sum(1)

    lows, highs = (_least(reached, len(shapes), level) for level in ENDS)
    return list(zip(lows, highs, strict=True))


def _least(reached: Callable[[Any], Any], units: int, level: float) -> list[int]:
    """The smallest rank whose distribution reaches a level, of every unit by halving."""
    import numpy as np

    low, high = np.zeros(units, int), np.full(units, units - 1)
    while (low < high).any():
        middle = (low + high) // 2
        there = reached(middle) >= level
        low, high = np.where(there, low, middle + 1), np.where(there, middle, high)
    return [int(one) + 1 for one in low]
