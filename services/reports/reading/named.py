"""Quarters and units as a path names them."""

from __future__ import annotations

import re
from datetime import date

from services.kernel.problems import NotFound
from services.kernel.quarters import quarter_days, quarter_name, quarter_of

_UNIT = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")


def is_quarter(text: str) -> bool:
    """Whether a text names a quarter."""
    try:
        quarter_days(text)
    except ValueError:
        return False
    return True


def check_quarter(quarter: str) -> None:
    """NotFound when a path names no quarter."""
    if not is_quarter(quarter):
        raise NotFound((
            "Quý phải viết như 2026-Q3.",
            "A quarter is written like 2026-Q3.",
        ))  # fmt: skip


def check_begun(quarter: str, today: date) -> None:
    """NotFound when a path names no quarter, or one that lies in the future."""
    check_quarter(quarter)
    if quarter > quarter_of(today):
        raise NotFound((f"{quarter_name(quarter)} chưa bắt đầu.", f"{quarter_name(quarter, 'en')} has not begun."))


def check_unit(unit: str) -> None:
    """NotFound when a path names what can be no unit."""
    if not _UNIT.fullmatch(unit):
        raise NotFound
