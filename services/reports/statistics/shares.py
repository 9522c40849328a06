"""Shares among peers, such as remedies in time or breaches that were there before: the Beta-binomial by moments. Pure.

Source: as Marshall's rates, of binomial counts; exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Shares:
    """A group's mean share, and how many trials the prior weighs; None when chance alone explains the differences."""

    mean: Fraction
    weight: Fraction | None

    def estimate(self, successes: int, n: int) -> Fraction:
        """A unit's shrunk share (mM + x)/(M + n)."""
        if self.weight is None:
            return self.mean
        return (self.mean * self.weight + successes) / (self.weight + n)


def shares(successes: Sequence[int], n: Sequence[int]) -> Shares:
    """m = Σx/Σn, M = (m(1 − m) − s²)/(s² − m(1 − m)/n̄) with s² = Σn(x/n − m)²/Σn; each n above 0.

    Of timeliness n are the actions whose deadline lies in the quarter, x those done in time: an open overdue one is
    late, an extension counts when granted before the deadline. Of repeats n are persons found, x those found before.
    """
    total, units = sum(n), len(n)
    m = Fraction(sum(successes), total)
    squares = sum((Fraction(x * x, k) for x, k in zip(successes, n, strict=True)), Fraction(0))
    spread = (squares - Fraction(sum(successes) ** 2, total)) / total
    chance = m * (1 - m)
    beyond = spread - chance * units / total
    return Shares(m, (chance - spread) / beyond if beyond > 0 and chance > spread else None)
