"""The bodies of an inspection's opening and its acknowledgement; the closing has its own file."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.intake.writing.forms import ABSENT, AccountName, Number, Time, Timed, UnitId, Write


def _impartial(declared: bool) -> bool:
    if not declared:
        raise ValueError((
            "có xung đột lợi ích thì người khác phải kiểm tra đơn vị này",
            "with a conflict of interest somebody else must inspect this unit",
        ))  # fmt: skip
    return declared


class OpenInspection(Timed):
    """The beginning of an inspection."""

    unit: UnitId
    kind: Literal["unannounced", "planned", "recheck"]
    selection: Literal["random", "scheduled", "risk", "complaint"]
    basis: Number
    opened_at: Time
    team: Annotated[list[AccountName], Field(max_length=99)]
    impartial: Annotated[bool, AfterValidator(_impartial)] = ABSENT
    """The opener's declaration of no conflict of interest with the unit."""


class Acknowledge(Write):
    """The head has seen it."""
