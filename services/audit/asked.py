"""What a request to the log names: the running service, ids, places, how long to wait."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from services.audit.state import State
from services.kernel.problems import NotFound

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LONGEST_WAIT = 30.0  # seconds
LARGEST = (1 << 63) - 1


class NotCovered(NotFound):
    """Chưa có mốc kiểm chứng (checkpoint) đã công bố nào chứa sự kiện này; hãy hỏi lại sau ít giây, hoặc thêm ?wait=5.

    No published checkpoint covers this event yet; ask again in a few seconds, or add ?wait=5.
    """


async def state_of(request: Request) -> State:
    """The running service."""
    return cast(State, request.app.state.service)


Service = Annotated[State, Depends(state_of)]
