"""The bodies of unit changes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from services.intake.writing.forms import ABSENT, Basis, Day, Form, Name, UnitId, Write


def _no_route(unit: str) -> str:
    if unit == "latest":  # stands in addresses of scorecards for the newest edition
        raise ValueError(
            ("là từ dành riêng trong địa chỉ; hãy chọn mã khác", "is a word of addresses; choose another id")
        )
    return unit


Group = Literal["so", "xa", "phuong", "dvsn", "other"]


class UnitChange(Write):
    """What every change of a unit has: a word that the event's type says."""

    change: str

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too."""
        return {name: value for name, value in super().told().items() if name != "change"}


class RegisterUnit(UnitChange):
    """A new unit."""

    EVENT = "kycuong.unit.registered.v1"

    change: Literal["register"]
    unit: Annotated[UnitId, AfterValidator(_no_route)]
    name: Name
    group: Group
    parent: UnitId | None
    staff: Annotated[int, Field(ge=0, le=1_000_000)]
    valid_from: Day


class AmendUnit(UnitChange):
    """A unit's other name, group, parent or staff, from a day on."""

    EVENT = "kycuong.unit.amended.v1"

    change: Literal["amend"]
    unit: UnitId
    valid_from: Day
    name: Name = ABSENT
    group: Group = ABSENT
    parent: UnitId | None = None
    staff: Annotated[int, Field(ge=0, le=1_000_000)] = ABSENT

    def amended(self) -> dict[str, Any]:
        """The fields that change."""
        return {
            name: getattr(self, name) for name in ("name", "group", "parent", "staff") if name in self.model_fields_set
        }

    @model_validator(mode="after")
    def _something(self) -> "AmendUnit":
        if not self.amended():
            raise ValueError((
                "hãy nêu ít nhất một trong: name, group, parent, staff",
                "give at least one of: name, group, parent, staff",
            ))  # fmt: skip
        return self


class CloseUnit(UnitChange):
    """A unit's last day."""

    EVENT = "kycuong.unit.closed.v1"

    change: Literal["close"]
    unit: UnitId
    valid_to: Day


class SucceedUnits(UnitChange):
    """Units that pass into others."""

    EVENT = "kycuong.unit.succeeded.v1"

    change: Literal["succeed"]
    kind: Literal["merge", "split", "rename", "move"]
    from_: Annotated[list[UnitId], Field(min_length=1, max_length=80)] = Field(alias="from")
    to: Annotated[list[UnitId], Field(min_length=1, max_length=80)]
    valid_from: Day
    basis: Basis
    cases_to: UnitId = ABSENT


UNIT_CHANGES: Mapping[str, type[Form]] = {
    "register": RegisterUnit, "amend": AmendUnit, "close": CloseUnit, "succeed": SucceedUnits,
}  # fmt: skip
