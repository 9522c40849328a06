"""Whether a unit's rate changed: from quarter to quarter, and from visit to visit. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from services.reports.statistics.grid import Posterior

Counts = tuple[int, int]
"""Observed, and persons checked."""


def change(now: Counts, then: Counts) -> float:
    """The two-sided p-value of the same rate then and now: of O₁ + O₀ findings O₁ fell to n₁ of n₁ + n₀ persons.

    Exact binomial test; 1 without any finding. Source: Przyborowski and Wilenski, Biometrika 31:313 (1940).
    """
    from scipy.stats import binomtest

    both = now[0] + then[0]
    return float(binomtest(now[0], both, now[1] / (now[1] + then[1])).pvalue) if both else 1.0


def improved(fit: Posterior, now: Counts, then: Counts) -> float:
    """P(λ₁ < λ₀) = I(α + O₁, α + O₀, (β + n₁)/(2β + n₁ + n₀)), the incomplete beta, averaged over the grid's nodes."""
    from scipy.special import betainc

    alpha, beta, weight = fit.arrays
    less = betainc(alpha + now[0], alpha + then[0], (beta + now[1]) / (2 * beta + now[1] + then[1]))
    return math.fsum((weight * less).tolist())


def precise_improved(fit: Posterior, now: Counts, then: Counts) -> Any:
    """The same at mpmath's precision."""
    import mpmath

    return mpmath.fsum(
        node.weight * mpmath.betainc(
            node.alpha + now[0], node.alpha + then[0], 0, (node.beta + now[1]) / (2 * node.beta + now[1] + then[1]),
            regularized=True,
        )
        for node in fit.precise
    )  # fmt: skip


def ewma(scores: Sequence[float], weight: float = 0.2, width: float = 2.962) -> Iterator[tuple[float, bool]]:
    """The moving mean of a unit's z over quarters, and whether it left its limits ±L√(λ/(2 − λ)·(1 − (1 − λ)^2t)).

    Source: Roberts, Technometrics 1:239 (1959); Lucas and Saccucci, Technometrics 32:1 (1990): L 2.962.
    """
    mean = 0.0
    for turn, score in enumerate(scores, 1):
        mean += weight * (score - mean)
        spread = math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * turn)))
        yield mean, abs(mean) > width * spread


def cusum(visits: Sequence[Counts], base: float, raised: float) -> Iterator[float]:
    """S = max(0, S + O − kn) from visit to visit, k = (λ₁ − λ₀)/ln(λ₁/λ₀): quickest to see a rate go from λ₀ to λ₁.

    Source: Page, Biometrika 41:100 (1954); for Poisson counts Lucas, Technometrics 27:129 (1985).
    """
    reference = (raised - base) / math.log(raised / base)
    total = 0.0
    for observed, exposure in visits:
        total = max(0.0, total + observed - reference * exposure)
        yield total
