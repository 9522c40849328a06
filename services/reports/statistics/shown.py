"""Figures as decimal strings that no library's version shows through. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any

DIGITS = 50
NEAR = Decimal("1e-9")
HALF = Decimal("0.5")
Precise = Callable[[], Any]
"""The same figure once more, as an `mpmath.mpf` or a `Fraction`; called with mpmath working at 50 digits."""


def shown(value: float, places: int, precise: Precise) -> str:
    """A figure rounded half-even; within 1e-9 of a rounding boundary its 50-digit value decides (wire, Comparison)."""
    near = Decimal(value)
    return _quantized(_decided(precise) if _on_edge(near, places) else near, places)


def _on_edge(value: Decimal, places: int) -> bool:
    scaled = abs(value).scaleb(places)
    return abs(scaled % 1 - HALF) <= NEAR.scaleb(places)


def _decided(precise: Precise) -> Decimal:
    """Ten digits fewer than were computed with: what lies on the boundary is then exactly there."""
    import mpmath

    with mpmath.workdps(DIGITS), localcontext() as context:
        context.prec = DIGITS
        value = precise()
        if isinstance(value, Fraction):
            value = mpmath.mpf(value.numerator) / value.denominator
        return Decimal(mpmath.nstr(value, DIGITS - 10))


def _quantized(value: Decimal, places: int) -> str:
    with localcontext() as context:
        context.prec = DIGITS
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return str(abs(rounded) if rounded.is_zero() else rounded)
