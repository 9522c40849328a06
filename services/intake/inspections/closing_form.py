"""The body of a closing: the roll, and what the minutes say beside it, each part sealed by itself."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from services.intake.writing.forms import ABSENT, Day, Form, Line, Measured, Number, Reason, Tally, Text, Time, required
from services.kernel.problems import FieldError

MAX_STROKES = 4_000


def _drawable(strokes: list[list[int]]) -> list[list[int]]:
    if any(len(stroke) % 2 for stroke in strokes) or sum(map(len, strokes)) > MAX_STROKES:
        raise ValueError((
            f"mỗi nét gồm x, y xen kẽ, tất cả không quá {MAX_STROKES} số",
            f"a stroke has x and y in turn, and all have at most {MAX_STROKES} numbers",
        ))  # fmt: skip
    return strokes


Extent = Annotated[int, Field(ge=1, le=2_000)]
Stroke = Annotated[list[Annotated[int, Field(ge=0, le=2_000)]], Field(min_length=2)]


class Excused(Form):
    """Who was away with a reason, by its kind."""

    leave: Tally = ABSENT
    meeting: Tally = ABSENT
    duty: Tally = ABSENT
    study: Tally = ABSENT
    sickness: Tally = ABSENT
    maternity: Tally = ABSENT


class Representative(Form):
    """Who stood for the unit."""

    name: Line
    post: Line = ABSENT


class MinutesWords(Form):
    """What the minutes say beside the figures."""

    number: Number = ABSENT
    place: Line = ABSENT
    representative: Representative = ABSENT
    leader: Line = ABSENT
    secretary: Line = ABSENT
    demands: Text = ABSENT
    demands_due: Day = ABSENT
    copies: Annotated[int, Field(ge=1, le=99)] = ABSENT


class Signature(Form):
    """A signature drawn on glass: strokes of x and y in turn, in a box of `w` by `h`."""

    w: Extent
    h: Extent
    strokes: Annotated[list[Stroke], Field(min_length=1, max_length=300), AfterValidator(_drawable)]


class Signatures(Form):
    """Who signed on the glass."""

    unit: Signature = ABSENT
    leader: Signature = ABSENT
    secretary: Signature = ABSENT


class Position(Form):
    """Where the phone was, in millionths of a degree and metres, or that its holder would not say."""

    lat: Annotated[int, Field(ge=-90_000_000, le=90_000_000)] = ABSENT
    lon: Annotated[int, Field(ge=-180_000_000, le=180_000_000)] = ABSENT
    accuracy: Annotated[int, Field(ge=0, le=1_000_000)] = ABSENT
    refused: Literal[True] = ABSENT

    @model_validator(mode="after")
    def _either(self) -> "Position":
        if self.model_fields_set not in ({"lat", "lon", "accuracy"}, {"refused"}):
            raise ValueError((
                "phải có đủ lat, lon, accuracy; hoặc chỉ có refused",
                "must have lat, lon and accuracy, or refused alone",
            ))  # fmt: skip
        return self


class FillRow(Form):
    """One step of filling the form in, in ODK's words; free text is told by its length."""

    event: Annotated[str, Field(pattern=r"^[a-z ]{1,40}$")]
    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_.-]{0,80}$")]
    start: Annotated[int, Field(ge=0, le=2**53 - 1)]
    end: Annotated[int, Field(ge=0, le=2**53 - 1)]
    old: Annotated[Text, Field(max_length=100)]
    new: Annotated[Text, Field(max_length=100)]


class ClosingWords(Form):
    """The private parts of a closing, each sealed by itself."""

    opinion: Text = ABSENT
    refusal: Text = ABSENT
    minutes: MinutesWords = ABSENT
    signatures: Signatures = ABSENT
    position: Position = ABSENT
    fill: Annotated[list[FillRow], Field(max_length=400)] = ABSENT


class CorrectionWords(ClosingWords):
    """The same, with why the closing was wrong."""

    reason: Reason


class CloseInspection(Measured):
    """The roll and the end of an inspection."""

    EVENT = "kycuong.inspection.closed.v1"

    closed_at: Time
    assigned: Tally
    present: Tally
    excused: Excused
    unexcused: Tally
    late: Tally
    persons_checked: Tally
    files_checked: Tally
    private: ClosingWords = ClosingWords()
    signed: bool

    def faults(self) -> list[FieldError]:
        """What does not add up."""
        errors = []
        away = sum(self.excused.model_dump(exclude_unset=True).values())
        if self.present + away + self.unexcused != self.assigned:
            errors.append(FieldError(
                "/assigned",
                "phải bằng present + excused + unexcused; hãy đếm lại",
                "must equal present + excused + unexcused; count again",
            ))  # fmt: skip
        if self.late > self.present:
            errors.append(FieldError("/late", "không được lớn hơn present", "must not exceed present"))
        return errors


class CorrectInspection(CloseInspection):
    """The whole closing again, put right."""

    EVENT = "kycuong.inspection.corrected.v1"

    private: CorrectionWords = required(CorrectionWords)
