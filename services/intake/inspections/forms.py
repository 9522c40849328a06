"""The bodies of an inspection's opening and its acknowledgement; the closing has its own file."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.domain.selection import told_selection
from services.intake.writing.forms import ABSENT, AccountName, Number, Time, Timed, UnitId, Write, WriteId


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


class Acknowledge(Write):
    """The head has seen it."""

    EVENT = "kycuong.inspection.acknowledged.v1"
