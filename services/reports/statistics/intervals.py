"""Intervals for a share, by its score, for a count, exact, and for a weighted rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from services.reports.statistics.shown import shown

Z95 = 1.959963984540054
"""The 0.975 quantile of the normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, between 0 and 1; of nothing asked it is all of that.

    (p + z²/2n ± z√(p(1−p)/n + z²/4n²)) / (1 + z²/n). Source: Wilson, JASA 22:209 (1927).
    """
    if n == 0:
        return 0.0, 1.0
    middle, half = _parts(successes, n, Z95, 1.0)
    return max(0.0, middle - half), min(1.0, middle + half)


def garwood(observed: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a Poisson count's mean: quantiles of Gamma(O) and Gamma(O + 1); from 0 when O is 0.

    Source: Garwood, Biometrika 28:437 (1936).
    """
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    return float(gammaincinv(observed, tail)) if observed else 0.0, float(gammaincinv(observed + 1, 1 - tail))


def fay_feuer(
    weights: Sequence[float], counts: Sequence[int], exposure: int, level: float = 0.95
) -> tuple[float, float]:
    """The interval of a weighted rate Σ w_s O_s / n as it was counted, by the Gamma of its mean and variance.

    Without a count it is that of the heaviest. The exposure, and one weight at least, above 0.
    Source: Fay and Feuer, Statistics in Medicine 16:791 (1997).
    """
    each = [weight / exposure for weight in weights]
    rate = math.fsum(w * o for w, o in zip(each, counts, strict=True))
    spread = math.fsum(w * w * o for w, o in zip(each, counts, strict=True))
    heaviest, tail = max(each), (1 - level) / 2
    low = _gamma(rate, spread, tail) if rate else 0.0
    return low, _gamma(rate + heaviest, spread + heaviest**2, 1 - tail)


def _gamma(mean: float, variance: float, level: float) -> float:
    from scipy.special import gammaincinv

    return float(gammaincinv(mean**2 / variance, level)) * variance / mean


def wilson_shown(successes: int, n: int, places: int = 1) -> tuple[str, str]:
    """Wilson's 95 % interval in per cent, as decimal strings."""
    low, high = wilson(successes, n)
    return (
        shown(100 * low, places, lambda: 100 * _precise(successes, n, -1)),
        shown(100 * high, places, lambda: 100 * _precise(successes, n, 1)),
    )


def share_shown(successes: int, n: int, places: int = 2) -> str | None:
    """A share in per cent as a decimal string; None of nothing."""
    return shown(100 * successes / n, places, lambda: Fraction(100 * successes, n)) if n else None


def _precise(successes: int, n: int, side: int) -> Any:
    import mpmath

    if n == 0:
        return mpmath.mpf(side > 0)
    z = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf("0.95"))
    middle, half = _parts(successes, n, z, mpmath.mpf(1))
    return min(max(middle + side * half, mpmath.mpf(0)), mpmath.mpf(1))


def _parts(successes: int, n: int, z: Any, one: Any) -> tuple[Any, Any]:
    p = successes * one / n
    scale = one + z * z / n
    half = z * (p * (one - p) / n + z * z / (4 * n * n)) ** (one / 2)
    return (p + z * z / (2 * n)) / scale, half / scale
