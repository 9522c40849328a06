"""A quarter's shards made here, or in processes of their own on every core; until then what was picked is on disk."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from tempfile import TemporaryFile

from services.reports.facts.picked import SHARDS
from services.reports.fold.shard import Asked, Made, References, made

SMALL = 4 << 20  # bytes that are folded here sooner than processes start
AHEAD = 1  # shards waiting for each process


class Stopped(OSError):
    """A process ended before its shard was made."""


class CasesFile:
    """What was picked of cases, in a file without a name: of a large log it would fill the memory."""

    def __init__(self, jobs: int | None = None) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed by its owner
        self._end = 0
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(SHARDS)]
        self._jobs = jobs

    def keep(self, cases: Sequence[bytes]) -> None:
        """The next entries' part of every shard."""
        self._file.write(b"".join(cases))
        self._file.flush()  # a disk that is full says so here
        for places, packed in zip(self._places, cases, strict=True):
            places.append((self._end, len(packed)))
            self._end += len(packed)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _of(self, number: int) -> list[bytes]:
        return [os.pread(self._file.fileno(), length, start) for start, length in self._places[number]]

    def work(self, references: References, asked: Asked) -> Iterator[Made]:
        """What every shard makes of what is asked; Stopped when a process dies."""
        jobs = self._jobs or (len(os.sched_getaffinity(0)) if self._end >= SMALL else 1)
        if jobs > 1:
            return self._spread(jobs, references, asked)
        return (made(number, self._of(number), references, asked) for number in range(SHARDS))

    def _spread(self, jobs: int, references: References, asked: Asked) -> Iterator[Made]:
        coming = deque[Future[Made]]()
        references.units(asked.size, asked.quarter)  # read once, for copies of this process to have
        with ProcessPoolExecutor(jobs, _context(), _begin, (references, asked)) as pool:
            try:
                for number in range(SHARDS):
                    coming.append(pool.submit(_made, number, self._of(number)))
                    if len(coming) > jobs * (1 + AHEAD):
                        yield coming.popleft().result()
                while coming:
                    yield coming.popleft().result()
            except BrokenProcessPool as error:
                raise Stopped(
                    "một tiến trình tính bị dừng (thiếu bộ nhớ?) / a computing process died (out of memory?)"
                ) from error


def _context() -> BaseContext:
    """Copies of this process while nobody else runs in it: they need not load what it has loaded."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return get_context("fork" if alone else "spawn")


_mine: tuple[References, Asked]


def _begin(references: References, asked: Asked) -> None:
    """A process of the pool starts: it leaves Ctrl-C to its parent, and nothing it makes goes in circles."""
    global _mine
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _mine = references, asked


def _made(number: int, cases: Iterable[bytes]) -> Made:
    return made(number, cases, *_mine)
