"""JSON text as it is stored and sent."""

from __future__ import annotations

from typing import Any

import orjson


def dump(value: Any) -> str:
    """JSON text without spaces, letters as they are."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    """A tuple with names is an array like any other."""
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
