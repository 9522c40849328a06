"""The bodies of what is written about an inspection; its closing has a file of its own."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.domain.selection import told_selection
from services.intake.writing.forms import (
    ABSENT,
    NONE_LISTED,
    AccountName,
    Because,
    Number,
    Time,
    Timed,
    UnitId,
    Write,
    WriteId,
    required,
)
from services.kernel.problems import FieldError

MOST_MEMBERS = 100


def _impartial(declared: bool) -> bool:
    if not declared:
        raise ValueError((
            "có xung đột lợi ích thì người khác phải kiểm tra đơn vị này",
            "with a conflict of interest somebody else must inspect this unit",
        ))  # fmt: skip
    return declared


class OpenInspection(Timed):
    """The beginning of an inspection."""

    EVENT = "kycuong.inspection.opened.v1"

    unit: UnitId
    kind: Literal["unannounced", "planned", "recheck"]
    selection: Literal["random", "scheduled", "risk", "complaint"]
    basis: Number
    opened_at: Time
    team: Annotated[list[AccountName], Field(max_length=99)]
    impartial: Annotated[bool, AfterValidator(_impartial)] = ABSENT
    """The opener's declaration of no conflict of interest with the unit."""
    assignment: WriteId = ABSENT
    """What of a round it is opened for."""

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too: it names the team by pseudonyms, and tells less of the selection."""
        members = {name: value for name, value in super().told().items() if name != "team"}
        return members | {"selection": told_selection(self.selection)}


class ChangeTeam(Write):
    """Who comes into the team, and who leaves it."""

    EVENT = "kycuong.inspection.team_changed.v1"

    add: Annotated[list[AccountName], Field(max_length=MOST_MEMBERS)] = NONE_LISTED
    remove: Annotated[list[AccountName], Field(max_length=MOST_MEMBERS)] = NONE_LISTED

    def faults(self) -> list[FieldError]:
        """Nobody comes or goes, or somebody twice."""
        if not self.add and not self.remove:
            return [FieldError("/add", "hãy nêu người vào hoặc ra khỏi đoàn", "name who joins or leaves the team")]
        named = [("add", place, account) for place, account in enumerate(self.add)]
        named += [("remove", place, account) for place, account in enumerate(self.remove)]
        accounts = [account for _, _, account in named]
        return [
            FieldError(f"/{name}/{place}", "đã nêu ở trên", "is named twice")
            for number, (name, place, account) in enumerate(named)
            if account in accounts[:number]
        ]

    def told(self) -> dict[str, Any]:
        """The event names them by pseudonyms."""
        return {}


class VoidInspection(Write):
    """An inspection taken back with all its findings."""

    EVENT = "kycuong.inspection.voided.v1"

    private: Because = required(Because)


class Acknowledge(Write):
    """The head has seen it."""

    EVENT = "kycuong.inspection.acknowledged.v1"
