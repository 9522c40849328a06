"""What units are called on a page, told from others of their name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.reports.facts.directory import Directory


def unit_names(directory: Directory, units: Iterable[str], today: date) -> dict[str, str]:
    """What units are called today (or were, on their last day)."""
    return {unit: directory.label(unit, today) for unit in units}


def beside_names(directory: Directory, units: Iterable[str], quarter: str) -> dict[str, str]:
    """Of those units whose name others have too, what stands beside it in a quarter."""
    told = {unit: directory.beside(unit, directory.card_day(unit, quarter)) for unit in units if unit in directory}
    return {unit: beside for unit, beside in told.items() if beside is not None}
