"""Where a finding stands for counting, by what was said of it (design §4 Counting). Pure."""

from __future__ import annotations

from enum import StrEnum

# Severity 0 (K codes) never deducts; severity 4 is referred, unscored, and kept off cards.
SCORED_SEVERITIES = frozenset({1, 2, 3})


class Standing(StrEnum):
    """Where a finding stands for counting."""

    PENDING = "pending"
    COUNTS = "counts"
    OVERTURNED = "overturned"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


OVERTURNING = frozenset({"excused", "not_proven", "unfounded", "system_fault"})


def standing(*, severity: int, withdrawn: bool, outcome: str | None, accepted: bool | None, lapsed: bool) -> Standing:
    """Where a finding stands (design §4 Counting); `accepted` is None before a reply.

    A decision overrides an accepted reply; severity 1 alone counts without a decision. ValueError for an outcome that
    no program has ever known.
    """
    if withdrawn:
        return Standing.WITHDRAWN
    if outcome is not None:
        return _decided(outcome)
    if severity == 1 and (accepted is True or (lapsed and accepted is None)):
        return Standing.COUNTS
    return Standing.PENDING


def _decided(outcome: str) -> Standing:
    if outcome == "upheld":
        return Standing.COUNTS
    if outcome == "referred":
        return Standing.REFERRED
    if outcome in OVERTURNING:
        return Standing.OVERTURNED
    raise ValueError(f"unknown outcome {outcome!r}")
