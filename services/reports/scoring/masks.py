"""What lists and exports leave out, because so few people stand behind it that they could be told apart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW = 5


def masked(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A card or its row without `comparison` of under 5 persons checked, and without surveys of under 5 answers.

    The persons are those that the comparison is of, over its window: one of a year's 72 tells nobody apart.
    """
    kept = dict(shown)
    comparison = shown.get("comparison")
    if comparison and comparison["exposure"] < FEW:
        kept["comparison"] = None
    if shown.get("survey"):
        kept["survey"] = [one for one in shown["survey"] if one["answered"] >= FEW] or None
    return kept
