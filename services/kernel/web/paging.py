"""Lists by pages: an opaque mark says where the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Query

from services.kernel.problems import Invalid, invalid

Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200)]


def page(listed: Sequence[dict[str, Any]], limit: int, place: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """The first items of a list that was read one further than it shows: {"items", "next"}."""
    shown = list(listed[:limit])
    return {"items": shown, "next": write_cursor(place(shown[-1])) if len(listed) > limit else None}


def write_cursor(place: str) -> str:
    """An opaque mark of a place in a list."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str | None:
    """The place that a cursor marks; Invalid for what is none."""
    if cursor is None:
        return None
    text = cursor.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_cursor() from None


def bad_cursor() -> Invalid:
    """What a cursor of another list, or of nobody's making, is refused with."""
    return invalid(
        "/cursor", "không phải con trỏ của danh sách này; hãy đọc lại từ đầu", "is no cursor of this list; begin anew"
    )
