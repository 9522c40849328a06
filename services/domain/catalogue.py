"""The catalogue of violations: its codes, and which version is in force. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

COMMENDATIONS = frozenset({"K01", "K02", "K03"})


@dataclass(frozen=True, slots=True)
class Code:
    """One code of the catalogue. Severity 0 deducts nothing, 1 to 4 rise from a reminder to a referral."""

    code: str
    group: str
    severity: int
    per: str
    per_case: bool
    name_vi: str
    name_en: str
    evidence: tuple[str, ...] = ()
    """The kinds of evidence it takes, by their keys in the catalogue."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A version of the catalogue, in force from the first day of a quarter."""

    version: str
    valid_from: date
    sha256: str
    codes: Mapping[str, Code]
    groups: Mapping[str, tuple[str, str]]
    evidence: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The words for each kind of evidence."""


def in_force(catalogues: Iterable[Catalogue], day: date) -> Catalogue:
    """The version in force on a day, of those with one first day the last; LookupError before the first one."""
    valid = [version for version in catalogues if version.valid_from <= day]
    if not valid:
        raise LookupError(f"no catalogue is in force on {day.isoformat()}")
    return max(reversed(valid), key=lambda version: version.valid_from)
