"""What the province's tree is made of: units with effective dates, their changes and their lineage. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

BEFORE = date(2021, 12, 30)
LAST_DAY = date(2025, 6, 30)
REFORM = date(2025, 7, 1)


class Kind(StrEnum):
    """What a unit does; decides what an inspection can find there. Not part of the directory."""

    DEPARTMENT = "department"
    DISTRICT = "district"
    COMMUNE = "commune"
    DESK = "desk"  # Trung tâm Phục vụ hành chính công
    SCHOOL = "school"
    CLINIC = "clinic"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as registered; staff is the allotted number."""

    unit: str
    name: str
    group: str
    parent: str | None
    staff: int
    valid_from: date
    kind: Kind

    def body(self) -> dict[str, Any]:
        return {
            "change": "register", "unit": self.unit, "name": self.name, "group": self.group, "parent": self.parent,
            "staff": self.staff, "valid_from": self.valid_from.isoformat(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amendment:
    """New values of a continuing unit from a day on; None leaves a value."""

    unit: str
    valid_from: date
    name: str | None = None
    parent: str | None = None
    staff: int | None = None

    def body(self) -> dict[str, Any]:
        new = {"name": self.name, "parent": self.parent, "staff": self.staff}
        given = {field: value for field, value in new.items() if value is not None}
        return {"change": "amend", "unit": self.unit, "valid_from": self.valid_from.isoformat(), **given}

    def applied(self, unit: Unit) -> Unit:
        return replace(
            unit, name=self.name or unit.name, parent=self.parent or unit.parent, staff=self.staff or unit.staff
        )


@dataclass(frozen=True, slots=True)
class Succession:
    """Units that end and those that carry on from a day; a split names who takes the open cases."""

    kind: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    basis: str
    cases_to: str | None = None

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "change": "succeed", "kind": self.kind, "from": list(self.sources), "to": list(self.targets),
            "valid_from": REFORM.isoformat(), "basis": self.basis,
        }  # fmt: skip
        return body | ({"cases_to": self.cases_to} if self.cases_to else {})


@dataclass(frozen=True, slots=True)
class Closing:
    """A unit that leaves the directory without a successor."""

    unit: str
    valid_to: date

    def body(self) -> dict[str, Any]:
        return {"change": "close", "unit": self.unit, "valid_to": self.valid_to.isoformat()}


Change = Unit | Amendment | Succession | Closing


@dataclass(frozen=True, slots=True)
class Province:
    """The tree before the reform, the reform in the order it is filed, and later amendments."""

    before: tuple[Unit, ...]
    reform: tuple[Change, ...]
    later: tuple[Amendment, ...]

    @property
    def ended(self) -> set[str]:
        """Units that the reform ended, with or without a successor."""
        closed = {change.unit for change in self.reform if isinstance(change, Closing)}
        return closed.union(*(change.sources for change in self.reform if isinstance(change, Succession)))

    @property
    def current(self) -> tuple[Unit, ...]:
        """The tree as of the reform's day."""
        amended, ended = amendments_of(self.reform), self.ended
        units = [*self.before, *(change for change in self.reform if isinstance(change, Unit))]
        return tuple(_amend(unit, amended) for unit in units if unit.unit not in ended)


def amendments_of(changes: Iterable[Change]) -> dict[str, Amendment]:
    """The amendment of each amended unit."""
    return {change.unit: change for change in changes if isinstance(change, Amendment)}


def _amend(unit: Unit, amended: dict[str, Amendment]) -> Unit:
    return amended[unit.unit].applied(unit) if unit.unit in amended else unit
