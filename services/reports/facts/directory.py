"""Units as the log tells them: effective dates, parents, lineage. Pure; rebuilt from the unit events alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Protocol

from services.domain.folding import plain
from services.kernel.identity import reach
from services.kernel.quarters import quarter_days

REGISTERED = "kycuong.unit.registered.v1"
AMENDED = "kycuong.unit.amended.v1"
CLOSED = "kycuong.unit.closed.v1"
SUCCEEDED = "kycuong.unit.succeeded.v1"
UNIT_EVENTS = frozenset({REGISTERED, AMENDED, CLOSED, SUCCEEDED})


_KEPT = 20_000  # answers
_folded = lru_cache(maxsize=_KEPT)(plain)


class _Reach(Protocol):
    """One of the questions of who reaches what."""

    def __call__(self, tree: reach.Tree, unit: str, day: date, /) -> tuple[str, ...]:
        """Units on a day."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a unit is called, and where it belongs, on a day."""

    name: str
    group: str
    parent: str | None


@dataclass(slots=True)
class _Unit:
    """A unit's changes, each (valid from, log index, fields); its last valid day, None while open."""

    first: date
    changes: list[tuple[date, int, Mapping[str, Any]]]
    last: date | None = None
    heirs: list[tuple[date, str]] = field(default_factory=list)

    def within(self, first: date, last: date) -> bool:
        """Whether it was valid on any of these days."""
        return self.first <= last and (self.last is None or self.last >= first)


class Directory:
    """The unit tree of a log prefix."""

    def __init__(self) -> None:
        self._units: dict[str, _Unit] = {}
        self._namesakes: dict[str, set[str]] | None = None
        self._above: dict[tuple[str, date], Counter[str | None]] = {}
        self._reached: dict[tuple[_Reach, str, date], tuple[str, ...]] = {}

    def __contains__(self, unit: str) -> bool:
        return unit in self._units

    @property
    def empty(self) -> bool:
        """Whether no unit was registered yet."""
        return not self._units

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def apply(self, index: int, event_type: str, unit: str, data: Mapping[str, Any]) -> None:
        """Take one unit event; KeyError or ValueError when it contradicts the log before it."""
        self._namesakes = None
        self._above.clear()
        self._reached.clear()
        if event_type == REGISTERED:
            self._register(index, unit, data)
        elif event_type == AMENDED:
            self._units[unit].changes.append((date.fromisoformat(data["valid_from"]), index, data))
            self._units[unit].changes.sort(key=lambda change: change[:2])
        elif event_type == CLOSED:
            self._units[unit].last = date.fromisoformat(data["valid_to"])
        elif data["side"] == "from":
            self._succeed(unit, data)

    def _register(self, index: int, unit: str, data: Mapping[str, Any]) -> None:
        if unit in self._units:
            raise ValueError(f"unit {unit} is registered twice")
        first = date.fromisoformat(data["valid_from"])
        self._units[unit] = _Unit(first, [(first, index, data)])

    def _succeed(self, unit: str, data: Mapping[str, Any]) -> None:
        """A predecessor ends the day before and its cases pass on, unless it is among its own successors."""
        if unit in data["to"]:
            return
        since = date.fromisoformat(data["valid_from"])
        known = self._units[unit]
        taking = [data["cases_to"]] if data.get("cases_to") else list(data["to"])
        known.heirs.extend((since, heir) for heir in taking)
        known.last = since - timedelta(days=1)

    def valid_on(self, unit: str, day: date) -> bool:
        """Whether the unit exists on a day."""
        known = self._units.get(unit)
        return known is not None and known.first <= day and (known.last is None or day <= known.last)

    def units_in(self, quarter: str) -> list[str]:
        """The units valid on any day of a quarter, by id."""
        first, last = quarter_days(quarter)
        return sorted(unit for unit, known in self._units.items() if known.within(first, last))

    def valid_in(self, unit: str, quarter: str) -> bool:
        """Whether the unit was valid on any day of a quarter."""
        known = self._units.get(unit)
        return known is not None and known.within(*quarter_days(quarter))

    def card_day(self, unit: str, quarter: str) -> date:
        """The unit's last valid day in a quarter; its nearest valid day when a later change left it none."""
        known = self._units[unit]
        _, last = quarter_days(quarter)
        return max(known.first, min(last, known.last or last))

    def details(self, unit: str, day: date) -> Details:
        """Name, group and parent on a day."""
        told = self._told(unit, day)
        return Details(told["name"], told["group"], told.get("parent"))

    def _told(self, unit: str, day: date) -> Mapping[str, Any]:
        """Of each field the latest change that had begun on a day."""
        (_, _, found), *later = self._units[unit].changes
        for since, _, fields in later:
            if since <= day:
                found = {**found, **fields}
        return found

    def beside(self, unit: str, day: date) -> str | None:
        """What tells a unit from others of its name: its parent's name, where that is not enough its id."""
        name = _folded(self.details(unit, day).name)
        alike = self._called(name)
        if len(alike) < 2:
            return None
        if (name, day) not in self._above:
            self._above[name, day] = Counter(self._parents_name(one, self.nearest(one, day)) for one in alike)
        above = self._parents_name(unit, day)
        return unit if above is None else f"{above}, {unit}" if self._above[name, day][above] > 1 else above

    def label(self, unit: str, day: date) -> str:
        """A unit's name on a day (its last, when it was over by then), told from others of that name."""
        name, beside = self.details(unit, self.nearest(unit, day)).name, self.beside(unit, self.nearest(unit, day))
        return name if beside is None else f"{name} ({beside})"

    def _parents_name(self, unit: str, day: date) -> str | None:
        parent = self.details(unit, day).parent
        return self.details(parent, self.nearest(parent, day)).name if parent in self._units else None

    def _called(self, name: str) -> set[str]:
        if self._namesakes is None:
            self._namesakes = {}
            for unit, known in self._units.items():
                for _, _, fields in known.changes:
                    if "name" in fields:
                        self._namesakes.setdefault(_folded(fields["name"]), set()).add(unit)
        return self._namesakes.get(name, set())

    def chain(self, unit: str, day: date) -> tuple[str, ...]:
        """The unit and its parents on a day, itself first."""
        return self._once(reach.chain, unit, day)

    def _once(self, what: _Reach, unit: str, day: date) -> tuple[str, ...]:
        """Worked out once while no unit changes: a fold asks it of every event."""
        key = what, unit, day
        found = self._reached.get(key)
        if found is None:
            if len(self._reached) >= _KEPT:
                self._reached.clear()
            found = self._reached[key] = what(self, unit, day)
        return found

    def parent_of(self, unit: str, day: date) -> str | None:
        """The unit above on a day, or on the unit's nearest day."""
        return self._told(unit, self.nearest(unit, day)).get("parent") if unit in self._units else None

    def heirs_of(self, unit: str, day: date) -> list[str]:
        """Those to whom the unit's open cases have passed by a day; none while it keeps them."""
        known = self._units.get(unit)
        return [] if known is None else [heir for since, heir in known.heirs if since <= day]

    def predecessors(self, unit: str, day: date) -> list[str]:
        """Those whose open cases have passed to the unit by a day, by id."""
        return sorted(other for other in self._units if unit in self.heirs_of(other, day))

    def heirs(self, unit: str, today: date) -> frozenset[str]:
        """Those who answer for the unit's cases instead of it; empty while it keeps them."""
        return self.answering(unit, today) - {unit}

    def answering(self, unit: str, today: date) -> frozenset[str]:
        """The units whose heads reply for this one today: itself, or its heirs."""
        return frozenset(self._once(reach.answering, unit, today))

    def holders(self, unit: str, today: date) -> frozenset[str]:
        """The units whose heads answer for this one today: itself or its heirs, and all above them."""
        return frozenset(self._once(reach.holders, unit, today))

    def nearest(self, unit: str, day: date) -> date:
        """A day, or the unit's last valid one when it was over by then."""
        known = self._units.get(unit)
        return day if known is None or known.last is None else min(day, known.last)

    def card_readers(self, unit: str, quarter: str, today: date) -> frozenset[str]:
        """The units whose scope holds a card: those above it in its quarter, and those who answer for it today."""
        above = self.chain(unit, self.card_day(unit, quarter))
        return frozenset((*above, *reach.scope(self, unit, today)))

    def inherited(self, unit: str, today: date) -> frozenset[str]:
        """The unit and every predecessor whose cases it answers today."""
        return frozenset(
            other for other in self._units if other == unit or unit in reach.answering(self, other, today)
        )  # fmt: skip
