"""The bodies of a round: the plan, its beacon, an assignment, the closing."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.domain.selection import told_selection
from services.domain.words import Group
from services.intake.writing.forms import (
    ABSENT,
    NONE_LISTED,
    AccountName,
    Day,
    Form,
    Line,
    Name,
    Number,
    Text,
    UnitId,
    Write,
    WriteId,
)
from services.kernel.problems import FieldError

MOST_DRAWN = 150
MOST_NAMED = 100
# what a beacon's pattern may be made of, so that matching a value takes no time: characters and classes, one after
# another, or in a group that has no repetition of open length inside; few repetitions of open length in all
_ONE = r"(?:\[\^?(?:\\.|[^\[\]\\])+\]|\\[dsw.,/:;+*?()\[\]{}|\\^$-]|[^\[\]\\(){}.*+?^$|])"
_TIMES = r"(?:\{[0-9]{1,2}\})?"
_OPEN = r"(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|[?*+])?"
_PATTERN = re.compile(rf"\^(?:{_ONE}{_OPEN}|\((?:\?:)?(?:{_ONE}{_TIMES})+\){_OPEN})+\$")
_MOST_OPEN = 3


def _pattern(text: str) -> str:
    outside = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", text)
    if _PATTERN.fullmatch(text) and len(re.findall(r"[?*+](?!:)|,", outside)) <= _MOST_OPEN:
        try:
            re.compile(text)
            return text
        except re.error:
            pass
    raise ValueError((
        "phải là mẫu đơn giản từ ^ đến $, ví dụ ^[0-9]{5}$: ký tự, lớp ký tự và số lần lặp",
        "must be a simple pattern from ^ to $, for example ^[0-9]{5}$: characters, classes and how often",
    ))  # fmt: skip


Pattern = Annotated[str, Field(max_length=100), AfterValidator(_pattern)]
Value = Annotated[Line, Field(max_length=100)]


class Stratum(Form):
    """How many units of a group are drawn."""

    group: Group
    size: Annotated[int, Field(ge=1, le=MOST_DRAWN)]


class Chosen(Form):
    """A unit that is inspected without a draw."""

    unit: UnitId
    selection: Literal["risk", "complaint", "scheduled"]


class Beacon(Form):
    """A public number that nobody knows yet, for example of a lottery: it joins the seed."""

    name: Name
    date: Day
    pattern: Pattern


class PlanRound(Write):
    """A round: when, of which groups how many, and who is not drawn."""

    EVENT = "kycuong.round.planned.v1"

    basis: Number
    kind: Literal["planned", "unannounced"]
    from_: Day = Field(alias="from")
    to: Day
    strata: Annotated[list[Stratum], Field(max_length=5)]
    exclude: Annotated[list[UnitId], Field(max_length=MOST_NAMED)] = NONE_LISTED
    chosen: Annotated[list[Chosen], Field(max_length=MOST_NAMED)] = NONE_LISTED
    beacon: Beacon = ABSENT
    replaces: WriteId = ABSENT

    def faults(self) -> list[FieldError]:
        """What contradicts itself."""
        return [*self._of_strata(), *_backwards(self.from_, self.to), *self._listed_twice()]

    def _of_strata(self) -> Iterator[FieldError]:
        groups = [stratum.group for stratum in self.strata]
        for place, group in enumerate(groups):
            if group in groups[:place]:
                yield FieldError(f"/strata/{place}/group", "đã có ở trên", "is given twice")
        total = sum(stratum.size for stratum in self.strata)
        if total > MOST_DRAWN:
            yield FieldError(
                "/strata", f"cộng lại là {total}, nhiều nhất {MOST_DRAWN}", f"sum to {total}, at most {MOST_DRAWN}"
            )
        if not self.strata and not self.chosen:
            yield FieldError("/strata", "hãy nêu một nhóm, hoặc đơn vị chọn sẵn", "name a group or chosen units")

    def _listed_twice(self) -> Iterator[FieldError]:
        named = [(f"/exclude/{place}", unit) for place, unit in enumerate(self.exclude)]
        named += [(f"/chosen/{place}/unit", one.unit) for place, one in enumerate(self.chosen)]
        seen = set[str]()
        for pointer, unit in named:
            if unit in seen:
                yield FieldError(pointer, "đơn vị này đã có trong một danh sách", "this unit is in a list already")
            seen.add(unit)

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too: it tells less of why a unit was chosen."""
        told = super().told()
        if "chosen" in told:
            told["chosen"] = [one | {"selection": told_selection(one["selection"])} for one in told["chosen"]]
        return told


class GiveBeacon(Write):
    """What the beacon said."""

    EVENT = "kycuong.round.beacon.v1"

    value: Value


class Assign(Write):
    """Who inspects a unit of the round, and when."""

    EVENT = "kycuong.round.assigned.v1"

    unit: UnitId
    opener: AccountName
    team: Annotated[list[AccountName], Field(max_length=99)]
    from_: Day = Field(alias="from")
    to: Day

    def faults(self) -> list[FieldError]:
        """A span that ends before it begins."""
        return _backwards(self.from_, self.to)

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too: it names nobody."""
        told = super().told() | {"unit": self.unit}
        return {name: value for name, value in told.items() if name not in ("opener", "team")}


class Note(Form):
    """A private note."""

    note: Text = ABSENT


class CloseRound(Write):
    """The end of a round."""

    EVENT = "kycuong.round.closed.v1"

    private: Note = Note()


def _backwards(first: str, last: str) -> list[FieldError]:
    """ISO days compare as text."""
    return [FieldError("/to", "ở trước ngày bắt đầu", "is before the first day")] if last < first else []
