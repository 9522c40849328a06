"""What a unit's peers would have found, had they looked where it was looked at. Pure.

Source: indirect standardisation, as in Breslow and Day, Statistical Methods in Cancer Research II (1987), ch. 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Counts = tuple[int, int]
"""Observed, and persons checked, in a stratum."""


def expected_counts(units: Sequence[Sequence[Counts]]) -> list[Fraction]:
    """E = Σ n_k·(ΣO_k/Σn_k) of every unit, exact; units give the same strata in the same order."""
    rates = [_rate(stratum) for stratum in zip(*units, strict=True)]
    return [sum((n * rate for (_, n), rate in zip(unit, rates, strict=True)), Fraction(0)) for unit in units]


def _rate(stratum: Sequence[Counts]) -> Fraction:
    persons = sum(n for _, n in stratum)
    return Fraction(sum(o for o, _ in stratum), persons) if persons else Fraction(0)
