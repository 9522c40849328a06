"""What the log says of inspections, findings, commendations and surveys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
from typing import Any, Protocol

from services.domain.case import KEPT, SCORED
from services.reports.facts.remedy import Remedy
from services.reports.facts.standing import Standing, standing

CATALOGUE = "kycuong.catalogue.published.v1"
SCORING = "kycuong.scoring.published.v1"
QUARTER_CLOSED = "kycuong.quarter.closed.v1"
QUARTER_RESTATED = "kycuong.quarter.restated.v1"
CUTS = frozenset({QUARTER_CLOSED, QUARTER_RESTATED})
QUARTER_PUBLISHED = "kycuong.quarter.published.v1"
INSPECTION_OPENED = "kycuong.inspection.opened.v1"
TEAM_CHANGED = "kycuong.inspection.team_changed.v1"
FINDING_RECORDED = "kycuong.finding.recorded.v1"
DECIDED = "kycuong.finding.decided.v1"
SECOND_REVIEWED = "kycuong.finding.second_reviewed.v1"
COMMENDED = "kycuong.commendation.recorded.v1"
SURVEYED = "kycuong.survey.recorded.v1"


class Unfoldable(Exception):
    """An event this program does not know or that contradicts the log before it: the fold stops here, never skips."""

    def __init__(self, index: int, event_type: str, reason: str) -> None:
        super().__init__(f"entry {index} ({event_type}): {reason}")
        self.index = index
        self.event_type = event_type
        self.reason = reason

    def __reduce__(self) -> tuple[type[Unfoldable], tuple[int, str, str]]:
        """As it goes from a reading process to its parent: by default only the message would."""
        return type(self), (self.index, self.event_type, self.reason)


@dataclass(slots=True)
class Inspection:
    """An inspection; `closed_at` (the closing's receipt) is None while open, indexes are log indexes.

    One that is `voided` counts nowhere. `selection` is how its unit was chosen, `team` the members'
    pseudonyms with spaces between.
    """

    id: str
    unit: str
    quarter: str
    opened_on: date
    opened_index: int
    kind: str = ""
    selection: str = ""
    team: str = ""
    closed_at: str | None = None
    persons_checked: int = 0
    files_checked: int = 0
    acknowledged_index: int | None = None
    acknowledged_at: str | None = None
    voided: bool = False

    @property
    def counts(self) -> bool:
        """Whether cards and alerts know of it."""
        return self.closed_at is not None and not self.voided


@dataclass(slots=True)
class Finding:
    """A finding and all that was later said of it; `accepted` is None before a reply.

    `contested`: under appeal or reopened. `released_index` is None of a severity 4 that is kept from the unit. `again`:
    another reviewer decided it once more; `second_outcome` is what one would have decided who did not see the first.
    """

    id: str
    inspection: str
    code: str
    catalogue: str
    severity: int
    count: int
    index: int
    accepted: bool | None = None
    lapsed: bool = False
    outcome: str | None = None
    withdrawn: bool = False
    contested: bool = False
    released_index: int | None = None
    first_outcome: str | None = None
    again: bool = False
    second_outcome: str | None = None
    remedy: Remedy = field(default_factory=Remedy)

    @property
    def standing(self) -> Standing:
        """Where the finding stands for counting."""
        return standing(
            severity=self.severity,
            withdrawn=self.withdrawn,
            outcome=self.outcome,
            accepted=self.accepted,
            lapsed=self.lapsed,
            contested=self.contested,
        )

    @property
    def released(self) -> bool:
        """Whether it is a severity 4 that the unit was told of."""
        return self.severity == KEPT and self.released_index is not None

    @property
    def listed(self) -> bool:
        """Whether an alert lists it: not withdrawn, no severity 4 before its release, not a K code."""
        return not self.withdrawn and (self.severity in SCORED or self.released)

    @property
    def told_index(self) -> int:
        """The log index from which the unit could know of it."""
        return self.index if self.released_index is None else self.released_index


@dataclass(frozen=True, slots=True)
class Commendation:
    """A commendation of a unit, counted in the quarter of its date."""

    id: str
    unit: str
    quarter: str
    code: str
    index: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What the last survey of a source counted of a unit in a quarter; `index` is the log index of its record."""

    unit: str
    quarter: str
    source: str
    asked: int
    answered: int
    satisfied: int
    index: int


@dataclass(frozen=True, slots=True)
class UnitQuarter:
    """A unit's closed inspections with their findings, its commendations and surveys, in one quarter."""

    unit: str
    quarter: str
    visits: Sequence[tuple[Inspection, Sequence[Finding]]] = ()
    commendations: Sequence[str] = ()
    surveys: Sequence[Survey] = ()

    @property
    def active(self) -> bool:
        """Whether something was inspected or praised: then there is a card, whenever the unit was valid."""
        return bool(self.visits or self.commendations)

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.active and not self.surveys


def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


FIELDS: Mapping[str, tuple[str, ...]] = {
    "inspection": _fields(Inspection),
    "finding": (*_fields(Finding)[:-1], *(f"remedy.{name}" for name in _fields(Remedy))),
    "commendation": _fields(Commendation),
    "survey": _fields(Survey),
}
"""What is kept of each kind of facts, by its table; a remedy is kept with its finding."""
COLUMNS = {table: tuple(name.rpartition(".")[2] for name in names) for table, names in FIELDS.items()}
_values = {table: attrgetter(*names) for table, names in FIELDS.items()}


def rows_of(table: str, facts: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Facts as a table keeps them."""
    return map(_values[table], facts)


class Event(Protocol):
    """An event as far as folds look at it."""

    @property
    def type(self) -> str:
        """Its type."""

    @property
    def unit(self) -> str:
        """The unit it is of."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def time(self) -> str:
        """When it was received."""

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""


@dataclass(slots=True)
class Entry:
    """One log entry: its index and its event."""

    index: int
    event: Event
