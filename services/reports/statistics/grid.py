"""Hierarchical Bayes on a fixed grid: a unit's rate among its peers', with an interval, and no chance in it. Pure.

λ ~ Gamma(α, β) with α = 1/CV², β = α/m; CV and m on a grid, each node weighed by the likelihood of all units' counts,
Π NB(O | α, β, n). A unit's posterior is the mixture of Gamma(α + O, β + n). The plug-in interval of one prior covers
too little in small groups (83 % of 8 units with CV 0.2), this one 93 to 98 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath

CVS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1", "1.2", "1.5")
STEPS = range(-10, 11)
"""m = m₀·e^(k/10), m₀ = (ΣO + ½)/Σn."""
LOW, HIGH = "0.025", "0.975"
_LOST = 1e-17  # of the weight: no figure shows it
_CLOSE = 1e-14  # relative
_TURNS = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A prior on the grid: shape, rate, and what the data give for it."""

    alpha: Any
    beta: Any
    weight: Any


class Posterior:
    """What the counts of a group say of the prior; units in any order give the same, for sums are exact."""

    def __init__(self, counts: Sequence[tuple[int, int]]) -> None:
        """(observed, exposure) of each unit, every exposure above 0."""
        self._counts = sorted(counts)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that have weight, in floats."""
        return tuple(node for node in _weighed(self._counts, _FLOATS) if node.weight > _LOST)

    @cached_property
    def precise(self) -> tuple[Node, ...]:
        """All nodes at the precision that mpmath works at when first asked: 50 digits."""
        return tuple(_weighed(self._counts, _DIGITS))

    def expectation(self) -> tuple[float, float]:
        """E[m], and E[CV]."""
        return (
            math.fsum(node.weight * node.alpha / node.beta for node in self.nodes),
            math.fsum(node.weight / math.sqrt(node.alpha) for node in self.nodes),
        )

    def mean(self, observed: int, exposure: int) -> float:
        """E[λ | O, n] = Σ w(α + O)/(β + n)."""
        return math.fsum(_mean(self.nodes, observed, exposure))

    def precise_mean(self, observed: int, exposure: int) -> Any:
        """The same at 50 digits."""
        return mpmath.fsum(_mean(self.precise, observed, exposure))

    def quantiles(self, counts: Sequence[tuple[int, int]], levels: Sequence[str]) -> list[list[float]]:
        """Of each (observed, exposure) the posterior's quantiles at these levels, in their order.

        Σ w·P(α + O, (β + n)x) = p, P the regularised incomplete gamma function, by Newton's steps inside a bracket.
        """
        import numpy as np
        from scipy.special import gammainc, gammaincinv, gammaln, xlogy

        observed, exposure = (np.array(column, float)[:, None] for column in zip(*counts, strict=True))
        alpha, beta, weight = (
            np.array([getattr(node, name) for node in self.nodes]) for name in ("alpha", "beta", "weight")
        )
        shape, rate = alpha + observed, beta + exposure
        scale = shape * np.log(rate) - gammaln(shape)
        mean = (weight * shape / rate).sum(1)
        spread = (weight * shape * (shape + 1) / rate**2).sum(1) - mean**2
        found = []
        for level in map(float, levels):
            x = gammaincinv(mean**2 / spread, level) * spread / mean
            low, high = np.zeros_like(x), np.full_like(x, np.inf)
            for _ in range(_TURNS):
                column = x[:, None]
                miss = (weight * gammainc(shape, rate * column)).sum(1) - level
                density = (weight * np.exp(scale + xlogy(shape - 1, column) - rate * column)).sum(1)
                low, high = np.where(miss < 0, x, low), np.where(miss > 0, x, high)
                step = x - miss / np.maximum(density, np.finfo(float).tiny)
                inside = (step > low) & (step < high)
                middle = np.where(np.isinf(high), 2 * x, (low + high) / 2)
                moved, x = (
                    np.abs(np.where(inside, step, middle) - x),
                    np.where(miss == 0, x, np.where(inside, step, middle)),
                )
                if (moved <= _CLOSE * x).all():
                    break
            found.append(x.tolist())
        return [list(one) for one in zip(*found, strict=True)]

    def precise_quantile(self, observed: int, exposure: int, level: str, near: float) -> Any:
        """The same at 50 digits, from a float that is near."""
        target = mpmath.mpf(level)

        def miss(x: Any) -> Any:
            return mpmath.fsum(
                node.weight * mpmath.gammainc(node.alpha + observed, 0, (node.beta + exposure) * x, regularized=True)
                for node in self.precise
            ) - target  # fmt: skip

        start = mpmath.mpf(near)
        return mpmath.findroot(miss, (start * (1 - mpmath.mpf("1e-12")), start * (1 + mpmath.mpf("1e-12"))))


def _mean(nodes: Sequence[Node], observed: int, exposure: int) -> list[Any]:
    return [node.weight * (node.alpha + observed) / (node.beta + exposure) for node in nodes]


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The functions of floats, or of 50 digits."""

    of: Any
    exp: Any
    log: Any
    loggamma: Any
    fsum: Any


_FLOATS = _Numbers(float, math.exp, math.log, math.lgamma, math.fsum)
_DIGITS = _Numbers(mpmath.mpf, mpmath.exp, mpmath.log, mpmath.loggamma, mpmath.fsum)


def _weighed(counts: Sequence[tuple[int, int]], by: _Numbers) -> list[Node]:
    """The grid with weights that sum to 1, by the log-likelihood of the counts but for what all nodes share."""
    first = (by.of(sum(o for o, _ in counts)) + by.of(0.5)) / sum(n for _, n in counts)
    priors = [(1 / by.of(cv) ** 2, first * by.exp(by.of(k) / 10)) for cv in CVS for k in STEPS]
    gammas = {alpha: _log_gammas(counts, alpha, by) for alpha in {alpha for alpha, _ in priors}}
    logs = [gammas[alpha] + _log_rates(counts, alpha, alpha / m, by) for alpha, m in priors]
    highest = max(logs)
    raw = [by.exp(one - highest) for one in logs]
    total = by.fsum(raw)
    return [Node(alpha, alpha / m, one / total) for (alpha, m), one in zip(priors, raw, strict=True)]


def _log_gammas(counts: Sequence[tuple[int, int]], alpha: Any, by: _Numbers) -> Any:
    """Σ log Γ(α + O) − log Γ(α)."""
    once: Mapping[int, Any] = {o: by.loggamma(alpha + o) - by.loggamma(alpha) for o in {o for o, _ in counts}}
    return by.fsum(once[o] for o, _ in counts)


def _log_rates(counts: Sequence[tuple[int, int]], alpha: Any, beta: Any, by: _Numbers) -> Any:
    """Σ α log(β/(β + n)) − O log(β + n)."""
    ends = by.fsum((alpha + o) * by.log(beta + n) for o, n in counts)
    return len(counts) * alpha * by.log(beta) - ends
