"""How far inspectors judge alike: for those who lead them, within one quarter, from 30 checks each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.reports.statistics.intervals import wilson

FEWEST = 30


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one inspector's findings: read a second time, of these alike; decided, of these overturned."""

    checks: int
    seconded: int
    agreed: int
    decided: int
    overturned: int


@dataclass(frozen=True, slots=True)
class Consistency:
    """A share with its 95 % interval (Wilson); None where nothing was read twice, or decided."""

    agreement: tuple[float, float, float] | None
    reversal: tuple[float, float, float] | None


def consistency(quarter: Mapping[str, Judged]) -> dict[str, Consistency]:
    """By pseudonym, of those with at least 30 persons checked; pseudonyms are of one quarter, so is this."""
    return {
        who: Consistency(_share(one.agreed, one.seconded), _share(one.overturned, one.decided))
        for who, one in sorted(quarter.items())
        if one.checks >= FEWEST
    }


def _share(part: int, of: int) -> tuple[float, float, float] | None:
    return (part / of, *wilson(part, of)) if of else None
