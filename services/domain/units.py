"""The tree of units as it was on each day, with its lineage: an in-memory value, changed by pure rules."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from services.domain.folding import plain
from services.kernel.identity import reach

_DAY = timedelta(days=1)
_RECENT = 16_384
_ASKED_FOR = 256
FIELDS = frozenset({"name", "group", "parent", "staff"})


@dataclass(frozen=True, slots=True)
class Version:
    """What a unit was from `valid_from` to `valid_to` (included; None: still)."""

    valid_from: date
    valid_to: date | None
    name: str
    group: str
    parent: str | None
    staff: int
    set_fields: frozenset[str] = FIELDS
    """What a change dated `valid_from` named; the other fields are those of the version before."""

    def covers(self, day: date) -> bool:
        """Whether the version holds on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Heir:
    """Who takes over a unit's open cases, and from which day."""

    unit: str
    valid_from: date


@dataclass(slots=True)
class Directory:
    """Every unit's versions in order of time, and the heirs of those that passed into others."""

    versions: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    heirs: dict[str, Heir] = field(default_factory=dict)
    _namesakes: dict[str, set[str]] | None = None
    """The units of each name, folded, of any day: made when first asked for, gone with a change."""
    _above: dict[tuple[str, date], Counter[str | None]] = field(default_factory=dict)
    """How often a parent's name stands above units of a name on a day; gone with a change."""
    _labels: dict[tuple[str, date], str] = field(default_factory=dict)
    """What units are called on a day; gone with a change."""
    _scopes: dict[tuple[str, date], tuple[str, ...]] = field(default_factory=dict)
    """Whose people reach a unit's cases on a day, so many as were asked for of late; gone with a change."""
    _below: dict[tuple[frozenset[str], date], frozenset[str]] = field(default_factory=dict)
    """Whose cases people of some units reach on a day, likewise."""

    def copy(self) -> "Directory":
        """A directory to change while others read this one."""
        return Directory(dict(self.versions), dict(self.heirs))

    def knows(self, unit: str) -> bool:
        """Whether the unit was ever registered."""
        return unit in self.versions

    def version(self, unit: str, day: date) -> Version | None:
        """The unit as it was on a day; None when it was not valid then."""
        for version in reversed(self.versions.get(unit, ())):
            if version.covers(day):
                return version
        return None

    def label(self, unit: str, day: date) -> str:
        """A unit's name on a day, its parent's beside it where another unit is called alike; its id without one."""
        known = self._labels.get((unit, day))
        if known is None:
            known = self._labels[unit, day] = self._label(unit, day)
        return known

    def _label(self, unit: str, day: date) -> str:
        version = self.version(unit, day)
        if version is None:
            return unit
        above = self.above_namesake(unit, day)
        return version.name if above is None else f"{version.name} ({above})"

    def above_namesake(self, unit: str, day: date) -> str | None:
        """What tells a unit from others of its name on that day: its parent's name, where that is not enough its id."""
        version = self.version(unit, day)
        if version is None or len(alike := self._called(name := plain(version.name))) < 2:
            return None
        if (name, day) not in self._above:
            self._above[name, day] = Counter(self._parents_name(one, day) for one in alike)
        above = self._parents_name(unit, day)
        return unit if above is None else f"{above}, {unit}" if self._above[name, day][above] > 1 else above

    def _parents_name(self, unit: str, day: date) -> str | None:
        version = self._nearest(unit, day)
        parent = self._nearest(version.parent, day) if version and version.parent else None
        return parent.name if parent else None

    def _called(self, name: str) -> set[str]:
        if self._namesakes is None:
            self._namesakes = {}
            for unit, versions in self.versions.items():
                for version in versions:
                    self._namesakes.setdefault(plain(version.name), set()).add(unit)
        return self._namesakes.get(name, set())

    def _forget(self) -> None:
        self._namesakes = None
        self._scopes.clear()
        self._below.clear()
        self._above.clear()
        self._labels.clear()

    def ancestors(self, unit: str, day: date) -> tuple[str, ...]:
        """The unit and its parents on a day (its own nearest valid day when it was not valid then)."""
        return reach.chain(self, unit, day)

    def answering(self, unit: str, day: date) -> str:
        """The unit whose head answers for a unit's cases on a day: itself, or the heir by lineage."""
        return reach.answering(self, unit, day)[0]

    def scope(self, unit: str, day: date) -> tuple[str, ...]:
        """Every unit whose people may reach a unit's cases on a day: its ancestors, and those of its heir."""
        known = self._scopes.get((unit, day))
        if known is None:
            if len(self._scopes) > _RECENT:
                self._scopes.clear()
            known = self._scopes[unit, day] = reach.scope(self, unit, day)
        return known

    def parent_of(self, unit: str, day: date) -> str | None:
        """The unit above on a day, or on the unit's nearest day."""
        version = self._nearest(unit, day)
        return None if version is None else version.parent

    def heirs_of(self, unit: str, day: date) -> tuple[str, ...]:
        """Who has taken over the unit's cases by a day."""
        heir = self.heirs.get(unit)
        return (heir.unit,) if heir is not None and heir.valid_from <= day else ()

    def below(self, units: Iterable[str], day: date) -> frozenset[str]:
        """The units whose cases people of these units reach on a day."""
        wanted = frozenset(units)
        if (wanted, day) not in self._below:
            if len(self._below) > _ASKED_FOR:
                self._below.clear()
            held = (unit for unit in self.versions if not wanted.isdisjoint(self.scope(unit, day)))
            self._below[wanted, day] = frozenset(held)
        return self._below[wanted, day]

    def _nearest(self, unit: str, day: date) -> Version | None:
        versions = self.versions.get(unit, ())
        before = [version for version in versions if version.valid_from <= day]
        return before[-1] if before else (versions[0] if versions else None)

    # changes: each returns the versions of the unit that differ now

    def register(self, unit: str, version: Version) -> None:
        """Add a unit."""
        self._forget()
        self.versions[unit] = (version,)

    def amend(self, unit: str, day: date, fields: dict[str, Any]) -> None:
        """Change fields from a valid day on, each until a change of a later day names it itself."""
        changed: list[Version] = []
        self._forget()
        for version in self.versions[unit]:
            if version.covers(day):
                named = frozenset(fields)
                if version.valid_from < day:
                    changed.append(replace(version, valid_to=day - _DAY))
                else:
                    named |= version.set_fields
                changed.append(replace(version, valid_from=day, set_fields=named, **fields))
            elif version.valid_from > day:
                fields = {name: value for name, value in fields.items() if name not in version.set_fields}
                changed.append(replace(version, **fields))
            else:
                changed.append(version)
        self.versions[unit] = tuple(changed)

    def close(self, unit: str, last: date) -> None:
        """End a unit after a day; versions that would begin later are cut to nothing and dropped."""
        self._forget()
        kept = [version for version in self.versions[unit] if version.valid_from <= last]
        kept[-1] = replace(kept[-1], valid_to=last)
        self.versions[unit] = tuple(kept)

    def tell(self, event_type: str, unit: str, data: Mapping[str, Any]) -> None:
        """Take one unit event of the log; others change nothing."""
        match event_type.removeprefix("kycuong.unit."):
            case "registered.v1":
                day = date.fromisoformat(data["valid_from"])
                version = Version(day, None, data["name"], data["group"], data["parent"], data["staff"])
                self.register(unit, version)
            case "amended.v1":
                fields = {name: value for name, value in data.items() if name in FIELDS}
                self.amend(unit, date.fromisoformat(data["valid_from"]), fields)
            case "closed.v1":
                self.close(unit, date.fromisoformat(data["valid_to"]))
            case "succeeded.v1" if data["side"] == "from" and unit not in data["to"]:
                self.pass_on(unit, Heir(data["cases_to"], date.fromisoformat(data["valid_from"])))

    def pass_on(self, unit: str, heir: Heir) -> bool:
        """Let an heir take over a unit's cases; whether the unit's last day, the one before, is thereby set."""
        self._forget()
        self.heirs[unit] = heir
        last, ended = heir.valid_from - _DAY, self.last_day(unit)
        if ended is not None and ended <= last:
            return False
        self.close(unit, last)
        return True

    def last_day(self, unit: str) -> date | None:
        """The unit's last valid day; None while it is open."""
        return self.versions[unit][-1].valid_to

    def first_day(self, unit: str) -> date:
        """The unit's first valid day."""
        return self.versions[unit][0].valid_from

    def makes_cycle(self, unit: str, parent: str, day: date) -> bool:
        """Whether a parent taken from a day on lies below the unit itself, then or later while it is the parent."""
        ends = [version.valid_from for version in self.versions[unit] if "parent" in version.set_fields]
        until = min((end for end in ends if end > day), default=date.max)
        while day < until:
            chain = self.ancestors(parent, day)
            if unit in chain:
                return True
            turns = [version.valid_from for above in chain for version in self.versions.get(above, ())]
            day = min((turn for turn in turns if turn > day), default=date.max)
        return False
