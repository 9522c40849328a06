"""How far long work is, as whoever started it in a terminal sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


def quiet(_done: int, _total: int) -> None:
    """Nobody looks."""


@contextmanager
def bar(what: str) -> Iterator[Progress]:
    """Progress on a terminal, nothing in a pipe; drawn by no thread, for work may copy this process."""
    if not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, refresh=True)
