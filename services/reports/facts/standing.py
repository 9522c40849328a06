"""Where a finding stands for counting, by what was said of it (design §4 Counting). Pure."""

from __future__ import annotations

from enum import StrEnum

from services.domain.case import LIGHT, OVERTURNING, Outcome


class Standing(StrEnum):
    """Where a finding stands for counting."""

    PENDING = "pending"
    COUNTS = "counts"
    OVERTURNED = "overturned"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


_DECIDED: dict[str, Standing] = {
    Outcome.UPHELD: Standing.COUNTS,
    Outcome.REFERRED: Standing.REFERRED,
    **dict.fromkeys(OVERTURNING, Standing.OVERTURNED),
}


def standing(
    *, severity: int, withdrawn: bool, outcome: str | None, accepted: bool | None, lapsed: bool, contested: bool = False
) -> Standing:
    """Where a finding stands; `accepted` is None before a reply.

    A decision overrides an accepted reply; severity 1 alone counts without a decision; under appeal, or reopened,
    nothing is decided. ValueError for an outcome that no program has ever known.
    """
    if withdrawn:
        return Standing.WITHDRAWN
    if contested:
        return Standing.PENDING
    if outcome is not None:
        return _DECIDED.get(outcome) or _DECIDED[Outcome(outcome)]
    if severity == LIGHT and (accepted is True or (lapsed and accepted is None)):
        return Standing.COUNTS
    return Standing.PENDING
