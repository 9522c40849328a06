"""Work done here, or in processes of their own on every core; until then what was picked of a log is on disk."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.context import BaseContext
from tempfile import TemporaryFile
from typing import Any, TypeVar

SMALL = 4 << 20  # bytes that are folded here sooner than processes start
AHEAD = 1  # pieces of work waiting for each process
Made = TypeVar("Made")


class Stopped(RuntimeError):
    """A process ended before its work was done."""

    def __init__(self) -> None:
        super().__init__("một tiến trình tính bị dừng (thiếu bộ nhớ?) / a computing process died (out of memory?)")


class PiecesFile:
    """Pieces of work by number, in a file without a name: those of a large log would fill the memory."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 - closed by its owner
        self._places: dict[int, list[tuple[int, int]]] = {}
        self.size = 0

    def put(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Keep the next piece of some numbers."""
        for number, piece in pieces:
            self._file.write(piece)
            self._places.setdefault(number, []).append((self.size, len(piece)))
            self.size += len(piece)
        self._file.flush()  # a disk that is full says so here

    def of(self, number: int) -> list[bytes]:
        """The pieces of a number, in their order."""
        places = self._places.get(number, ())
        return [os.pread(self._file.fileno(), length, start) for start, length in places]

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class CasesFile(PiecesFile):
    """What was picked of cases, by shard."""

    def __init__(self, jobs: int | None = None) -> None:
        super().__init__()
        self._jobs = jobs

    def keep(self, cases: Sequence[bytes]) -> None:
        """The next part of every shard."""
        self.put(enumerate(cases))

    def coming(self, make: Callable[[int, Iterable[bytes]], Made]) -> Generator[Future[Made]]:
        """What is made of every shard, in their order."""
        jobs = self._jobs or (cores() if self.size >= SMALL else 1)
        with working(jobs, make) as submit:
            yield from ahead((submit(number, self.of(number)) for number in range(len(self._places))), jobs)

    def work(self, make: Callable[[int, Iterable[bytes]], Made]) -> Iterator[Made]:
        """The same for who waits; Stopped when a process dies."""
        try:
            for future in self.coming(make):
                yield future.result()
        except BrokenProcessPool as error:
            raise Stopped from error


def cores() -> int:
    """How many this program may use."""
    return len(os.sched_getaffinity(0))


def ahead(work: Iterable[Future[Made]], jobs: int) -> Iterator[Future[Made]]:
    """Work in its order, some of it begun before it is asked for."""
    coming = deque[Future[Made]]()
    for future in work:
        coming.append(future)
        if len(coming) > jobs * (1 + AHEAD):
            yield coming.popleft()
    yield from coming


@contextmanager
def working(jobs: int, make: Callable[..., Made]) -> Iterator[Callable[..., Future[Made]]]:
    """Where something is made again and again: here, as soon as it is asked for, or by processes that know how."""
    if jobs == 1:
        yield lambda *given: _done(make(*given))
        return
    pool = ProcessPoolExecutor(jobs, _context(), _begin, (make,))
    try:
        yield lambda *given: pool.submit(_make, *given)
    finally:
        pool.shutdown(cancel_futures=True)


def _done(made: Made) -> Future[Made]:
    future = Future[Made]()
    future.set_result(made)
    return future


def _context() -> BaseContext:
    """Copies of this process while nobody else runs in it: they need not load what it has loaded."""
    alone = sys.platform == "linux" and threading.active_count() == 1
    return get_context("fork" if alone else "spawn")


_how: Callable[..., Any]


def _begin(make: Callable[..., Any]) -> None:
    """A process of the pool starts: it leaves Ctrl-C to its parent, and nothing it makes goes in circles.

    It ends with its parent, however that ends: as long as it has a copy of a connection, the other side waits.
    """
    global _how
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    _how = make
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(*given: Any) -> Any:
    return _how(*given)
