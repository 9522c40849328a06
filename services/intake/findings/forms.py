"""The bodies of findings: recorded, withdrawn."""

from typing import Annotated, Literal

from pydantic import Field

from services.intake.writing.forms import (
    ABSENT,
    NONE_LISTED,
    Because,
    Form,
    Measured,
    Text,
    Time,
    Write,
    WriteId,
    required,
)

MAX_PHOTO_BYTES = 10_000_000


class Seen(Form):
    """What was seen, and who stood there: sealed in the vault."""

    narrative: Text = ABSENT
    persons: Annotated[list[Text], Field(max_length=100)] = ABSENT


class Photo(Form):
    """One photo of the manifest."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_PHOTO_BYTES)]
    type: Literal["image/jpeg"]


class RecordFinding(Measured):
    """One thing seen at a unit, counted."""

    inspection: WriteId
    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    count: Annotated[int, Field(ge=1, le=9_999)]
    captured_at: Time
    private: Seen = Seen()
    photos: Annotated[list[Photo], Field(max_length=50)] = NONE_LISTED


class WithdrawFinding(Write):
    """A finding taken back."""

    private: Because = required(Because)
