"""Of many units some stand out by chance: which still do when that is allowed for. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

LEVEL = 0.05


def upper_tail(z: float) -> float:
    """P(Z > z) of the normal distribution."""
    return math.erfc(z / math.sqrt(2)) / 2


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Each p-value adjusted: the smallest p·J/rank among those at least as large, at most 1.

    Source: Benjamini and Hochberg, J R Stat Soc B 57:289 (1995); Jones et al., J Clin Epidemiol 61:232 (2008).
    """
    order = sorted(range(len(p)), key=lambda at: p[at], reverse=True)
    adjusted, least = [0.0] * len(p), 1.0
    for left, at in zip(range(len(p), 0, -1), order, strict=True):
        least = min(least, p[at] * len(p) / left)
        adjusted[at] = least
    return adjusted
