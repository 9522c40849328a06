"""The receipt check of docs/verify.md, taken from that page, so that what is printed there is what the suite runs."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "verify.md"

Check = Callable[[bytes, str, str], int]


@cache
def documented_check() -> Check:
    """`check(event, receipt, vkey) -> index`; any exception means that the receipt proves nothing."""
    block = re.search(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None, f"no Python in {PAGE.name}"
    names: dict[str, Any] = {}
    exec(compile(block[1], str(PAGE), "exec"), names)
    check: Check = names["check"]
    return check
