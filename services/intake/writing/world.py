"""The working state against which a batch of writes is decided: loaded set-based, changed in memory, then stored."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue
from services.domain.units import Directory
from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date

LOST = "?"
"""Begins the name of a person whose account nobody knows any more; a pseudonym follows. No account may begin so."""


def is_lost(account: str) -> bool:
    """Whether only the log still tells of this person."""
    return account.startswith(LOST)


@dataclass(slots=True)
class Inspection:
    """One visit, as far as the rules need it."""

    id: str
    unit: str
    quarter: str
    catalogue: str
    opener: str
    team: tuple[str, ...]
    opened_at: datetime
    state: str = "open"
    closing: str | None = None
    closed_at: datetime | None = None
    reply_due: datetime | None = None
    acknowledged: bool = False
    roll: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Finding:
    """One thing seen, with what became of it."""

    id: str
    inspection: str
    unit: str
    code: str
    catalogue: str
    severity: int
    count: int
    captured_at: datetime
    photos: tuple[Mapping[str, Any], ...]
    filer: str
    received_at: datetime
    state: str = "recorded"
    accepts: bool | None = None
    lapsed: bool = False
    outcome: str | None = None
    reply_due: datetime | None = None
    answers: dict[str, str] = field(default_factory=dict)
    """Withdrawal, reply and decision of this batch, by the write's id."""
    held: dict[int, str] = field(default_factory=dict)
    """The commitment to each photo that is kept, by its place in the manifest, from 1."""

    @property
    def missing(self) -> list[int]:
        """The places of photos that are still to come."""
        return missing_photos(self.photos, self.held)


def missing_photos(manifest: Iterable[Mapping[str, Any]], held: Container[int]) -> list[int]:
    """The places of a manifest's photos that are not held; one that was erased or lost is waited for no more."""
    return [place for place, photo in enumerate(manifest, start=1) if "sha256" in photo and place not in held]


@dataclass(slots=True)
class Cut:
    """An edition of a quarter that was closed, with the roots that were published of it."""

    id: str
    roots: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Known:
    """A write accepted before: whose, what (its content and private parts with their salts), and its answer."""

    account: str
    content: bytes
    answer: bytes
    parts: dict[str, bytes]
    """Private groups with their bytes."""
    erased: set[str] = field(default_factory=set)
    """Private groups that were erased."""
    lost: set[str] = field(default_factory=set)
    """Private groups of which only the log's commitment is left."""

    @property
    def from_log(self) -> bool:
        """Whether only the log still knows what was written: its content was lost with the database."""
        return not self.content and bool(self.answer)


@dataclass(slots=True)
class Erasure:
    """A request that private parts of an event be erased."""

    id: str
    event: str
    unit: str
    parts: tuple[str, ...]
    requester: str
    state: str = "requested"
    settlement: str | None = None
    """The write that approved or refused it."""


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo as it is stored: the image sealed, and what the log will say of it."""

    finding: str
    place: int
    wrapped_key: bytes
    sealed: bytes
    commitment: bytes


@dataclass(slots=True)
class Changes:
    """What a batch adds or alters; the store writes it in one go."""

    new_inspections: list[tuple[Inspection, Mapping[str, object]]] = field(default_factory=list)
    inspections: dict[str, Inspection] = field(default_factory=dict)
    closed: dict[str, Inspection] = field(default_factory=dict)
    new_findings: list[Finding] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    commendations: list[tuple[str, str, str, date, datetime]] = field(default_factory=list)
    quarters: list[tuple[str, str, str, datetime]] = field(default_factory=list)
    publications: list[tuple[str, str, bytes, datetime]] = field(default_factory=list)
    """New publications of cuts: id, closing, cards_root."""
    calendars: list[tuple[str, str, str]] = field(default_factory=list)
    """New calendars: version, id, text."""
    photos: list[KeptPhoto] = field(default_factory=list)
    new_erasures: list[Erasure] = field(default_factory=list)
    settled: list[Erasure] = field(default_factory=list)
    log_keys: list[tuple[str, str]] = field(default_factory=list)
    devices: list[tuple[str, str, bytes]] = field(default_factory=list)
    """New phones: id, account, key."""
    units: dict[str, None] = field(default_factory=dict)
    """Units whose versions changed, in order."""
    new_units: list[tuple[str, datetime]] = field(default_factory=list)
    lineage: list[tuple[str, str, str, str, date, bool]] = field(default_factory=list)


@dataclass(slots=True)
class World:
    """All that deciding a batch may look at."""

    origin: str
    now: datetime
    rights_at: datetime
    """The machine's time: a demo load sets `now`, but nobody's rights."""
    callers: Mapping[bytes, Caller]
    accounts: set[str]
    known: dict[str, Known]
    inspections: dict[str, Inspection]
    findings: dict[str, Finding]
    cuts: dict[tuple[str, str], Cut]
    """By quarter and edition."""
    erasures: dict[str, Erasure]
    log_keys: set[str]
    directory: Directory
    catalogues: list[Catalogue]
    calendar: WorkingCalendar
    authors: Mapping[str, Caller] = field(default_factory=dict)
    """Accounts whose phones signed what others carry, with all their appointments."""
    apart: set[tuple[str, str]] = field(default_factory=set)
    """Accounts and quarters: whoever is none of the quarter's lost persons."""
    kept: Container[str] = ()
    """Of the events that erasures are about, those of findings that their unit may not know of yet."""
    certain: datetime | None = None
    """While the machine's clock is not believed, a time that has certainly come."""
    floor: datetime | None = None
    """What deadlines count from: never before the log's newest entry."""
    changes: Changes = field(default_factory=Changes)
    _scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _directory_is_own: bool = False

    @property
    def doubted(self) -> bool:
        """Whether the machine's clock is not believed (a demo load tells its own time)."""
        return self.certain is not None and self.now == self.rights_at

    def reply_due(self) -> datetime:
        """When a reply is due to what is received now."""
        later = self.floor if self.floor is not None and self.now == self.rights_at else self.now
        return self.calendar.reply_due(max(self.now, later))

    def scope(self, unit: str) -> tuple[str, ...]:
        """The units whose people reach a unit's cases today."""
        known = self._scopes.get(unit)
        if known is None:
            known = self._scopes[unit] = self.directory.scope(unit, local_date(self.now))
        return known

    def own_directory(self) -> Directory:
        """The directory, to change: the first change copies it, so readers of the old one are not disturbed."""
        if not self._directory_is_own:
            self.directory = self.directory.copy()
            self._directory_is_own = True
        self._scopes.clear()
        return self.directory
