"""What lists and exports leave out, because so few people stand behind it that they could be told apart. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FEW = 5


def masked(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A card or its row without `comparison` under 5 persons checked, and without surveys of under 5 answers."""
    kept = dict(shown)
    comparison = shown.get("comparison")
    if comparison and (shown["exposure"]["persons_checked"] < FEW or 0 < comparison["exposure"] < FEW):
        kept["comparison"] = None
    if shown.get("survey"):
        kept["survey"] = [one for one in shown["survey"] if one["answered"] >= FEW] or None
    return kept
