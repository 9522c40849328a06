"""Intake's lists: by ids that grow with time, the newest first."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import JSONResponse, Response

from services.intake.writing.forms import is_write_id
from services.kernel.web.paging import Cursor, Limit, bad_cursor, page, read_cursor

__all__ = ["FIRST", "LAST", "Cursor", "Day", "Limit", "Short", "before", "next_id", "paged", "read_cursor"]

FIRST = str(UUID(int=0))
LAST = str(UUID(int=2**128 - 1))
Day = Annotated[date | None, Query()]
Short = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")]


def before(cursor: str | None) -> str:
    """The id below which a page begins."""
    key = read_cursor(cursor)
    if key is not None and not is_write_id(key):
        raise bad_cursor()
    return key or LAST


def next_id(id: str) -> str:
    """The id after one: with it before the end, a list holds that one alone."""
    return str(UUID(int=UUID(id).int + 1))


def paged(listed: Sequence[dict[str, Any]], limit: int, key: str = "id") -> Response:
    """A page's answer, the next one beginning below the last key shown."""
    return JSONResponse(page(listed, limit, lambda item: str(item[key])))
