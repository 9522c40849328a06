"""A rate in which a graver finding weighs more. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.reports.statistics.grid import HIGH, LOW, Posterior


@dataclass(frozen=True, slots=True)
class Weighted:
    """S = Σ w_s λ_s per person checked, with its 95 % interval."""

    rate: float
    low: float
    high: float


def weighted_rates(
    weights: Mapping[str, int], observed: Mapping[str, Sequence[int]], exposure: Sequence[int]
) -> list[Weighted]:
    """Each unit's weighted rate: fitted by severity, then one Gamma(M²/V, M/V) by the sums of means and variances.

    M = Σ w_s μ_s, V = Σ w_s² v_s; the interval's ends are at most 3 % off a simulation's. Weights lie in the rule file.
    """
    from scipy.special import gammaincinv

    fits = {severity: Posterior(list(zip(counts, exposure, strict=True))) for severity, counts in observed.items()}
    found = []
    for at, n in enumerate(exposure):
        parts = [(weights[severity], *_moments(fit, observed[severity][at], n)) for severity, fit in fits.items()]
        mean = math.fsum(w * mean for w, mean, _ in parts)
        spread = math.fsum(w * w * spread for w, _, spread in parts)
        ends = [float(gammaincinv(mean**2 / spread, float(level))) * spread / mean for level in (LOW, HIGH)]
        found.append(Weighted(mean, *ends))
    return found


def _moments(fit: Posterior, observed: int, exposure: int) -> tuple[float, float]:
    shapes = [(node.weight, node.alpha + observed, node.beta + exposure) for node in fit.nodes]
    mean = math.fsum(weight * shape / rate for weight, shape, rate in shapes)
    second = math.fsum(weight * shape * (shape + 1) / rate**2 for weight, shape, rate in shapes)
    return mean, second - mean**2
