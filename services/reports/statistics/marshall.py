"""Empirical Bayes by moments, in exact fractions where they decide and in floats beside other programs. Pure.

Source: Marshall, Mapping disease and mortality rates using empirical Bayes estimators, Appl Stat 40:283 (1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

RANKABLE = Fraction(7, 10)


@dataclass(frozen=True, slots=True)
class Moments:
    """A group's mean rate m and the part `a` of its variance that chance does not make; `a` may be negative."""

    m: Fraction
    a: Fraction

    @property
    def beta(self) -> Fraction:
        """The prior's rate β = m/a, in persons; ZeroDivisionError when chance alone explains the variance."""
        return self.m / self.a

    @property
    def alpha(self) -> Fraction:
        """The prior's shape α = mβ."""
        return self.m * self.beta

    def estimate(self, observed: int, exposure: int) -> Fraction:
        """A unit's shrunk rate (α + O)/(β + n); the mean rate when chance alone explains the variance."""
        if self.a <= 0:
            return self.m
        return (self.alpha + observed) / (self.beta + exposure)


def moments(observed: Sequence[int], exposure: Sequence[int]) -> Moments:
    """m = ΣO/Σn and a = s² − m/n̄ with s² = Σn(r − m)²/Σn; each exposure above 0."""
    total, units = sum(exposure), len(exposure)
    m = Fraction(sum(observed), total)
    squares = sum((Fraction(o * o, n) for o, n in zip(observed, exposure, strict=True)), Fraction(0))
    spread = (squares - Fraction(sum(observed) ** 2, total)) / total
    return Moments(m, spread - m * units / total)


def estimates(observed: Sequence[int], exposure: Sequence[int]) -> Any:
    """Every unit's shrunk rate (α + O)/(β + n) as an array of floats, for many units at once; each exposure above 0."""
    import numpy as np

    found, persons = np.asarray(observed, float), np.asarray(exposure, float)
    total = persons.sum()
    m = found.sum() / total
    apart = found / persons - m
    a = (persons * apart * apart).sum() / total - m * len(persons) / total
    if a <= 0:
        return np.full(len(persons), m)
    beta = m / a
    return (m * beta + found) / (beta + persons)


def rankability(found: Moments, exposure: Sequence[int]) -> Fraction:
    """ρ = a/(a + median(m/n)): what part of the differences is not chance; 0 when there is none.

    Shape of Lingsma et al., Comparing and ranking hospitals, BMC Med Res Methodol 9:53 (2009).
    """
    if found.a <= 0:
        return Fraction(0)
    return found.a / (found.a + median(found.m / n for n in exposure))
