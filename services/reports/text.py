"""JSON text as it is stored and sent."""

from __future__ import annotations

import json
from typing import Any


def dump(value: Any) -> str:
    """JSON text without spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
