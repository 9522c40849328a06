"""Figures as decimal strings that no library's version shows through. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from typing import Any

DIGITS = 50
NEAR = 1e-9
Precise = Callable[[], Any]
"""The same figure once more, as an `mpmath.mpf` or a `Fraction`; called with mpmath working at 50 digits."""


def shown(value: float, places: int, precise: Precise) -> str:
    """A figure rounded half-even; within 1e-9 of a rounding boundary its 50-digit value decides (wire, Comparison)."""
    if _on_edge(value, places):
        return _quantized(_decided(precise), places)
    text = f"{value:.{places}f}"  # of a float's exact value
    return text.removeprefix("-") if float(text) == 0 else text


def _on_edge(value: float, places: int) -> bool:
    """Generously: what scaling loses is added to what is near."""
    ten = float(10**places)
    scaled = abs(value) * ten
    return abs(scaled % 1 - 0.5) <= NEAR * ten + scaled * 1e-15


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
