"""The body of a photo's redaction: what is to be covered, by ten-thousandths of the picture's sides."""

from typing import Annotated

from pydantic import Field

from services.intake.writing.forms import Form, Write
from services.kernel.problems import FieldError

WHOLE = 10_000
"""A side of the picture, however many pixels it has."""
_MOST = 40
_Place = Annotated[int, Field(ge=0, lt=WHOLE)]
_Extent = Annotated[int, Field(ge=1, le=WHOLE)]


class Box(Form):
    """One black box, from its upper left corner."""

    x: _Place
    y: _Place
    width: _Extent
    height: _Extent


class RedactPhoto(Write):
    """What of a photo nobody without need is to see."""

    EVENT = "kycuong.photo.redacted.v1"

    boxes: Annotated[list[Box], Field(min_length=1, max_length=_MOST)]

    def faults(self) -> list[FieldError]:
        """No box goes beyond the picture."""
        wide = [f"/boxes/{n}/width" for n, box in enumerate(self.boxes) if box.x + box.width > WHOLE]
        high = [f"/boxes/{n}/height" for n, box in enumerate(self.boxes) if box.y + box.height > WHOLE]
        return [FieldError(one, "vượt ra ngoài ảnh", "goes beyond the picture") for one in (*wide, *high)]
