"""The lines that docs/verify.md prints, taken from that page, so that what is printed there is what the suite runs."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "verify.md"

Check = Callable[[bytes, str, str], int]


@cache
def documented(name: str) -> Any:
    """A function of those printed on the page, from the block that defines it."""
    for block in re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        if f"\ndef {name}(" in block:
            names: dict[str, Any] = {}
            exec(compile(block, str(PAGE), "exec"), names)
            return names[name]
    raise AssertionError(f"no {name} in {PAGE.name}")


def documented_check() -> Check:
    """`check(event, receipt, vkey) -> index`; any exception means that the receipt proves nothing."""
    check: Check = documented("check")
    return check
