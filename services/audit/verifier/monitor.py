"""Watch a log from outside: what is new on a schedule, all of it now and then; an alarm stays until it is cleared."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path
from types import FrameType

from services.audit.verifier.files import replace_file, sync_path
from services.audit.verifier.reading import Place
from services.audit.verifier.remembered import Memory
from services.audit.verifier.sources import CannotRead
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import ABSENT, Asked, Verdict, verify
from services.kernel.process.telemetry import meter

log = logging.getLogger(__name__)
_alarm = meter.create_gauge("kycuong.monitor.alarm", description="1: the log failed a check; until a person clears it")
_size = meter.create_gauge("kycuong.monitor.size", unit="{entry}", description="Entries of the log last accepted")
_age = meter.create_gauge("kycuong.monitor.checked_age", unit="s", description="Time since a check last succeeded")
_unreachable = meter.create_gauge("kycuong.monitor.unreachable", description="1: the log could not be read")
TICK = 1.0  # seconds

FINE, ALARM, UNREACHABLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """Seconds from one check to the next, from one full check to the next, and until silence is an alarm."""

    every: float
    full_every: float
    stale: float


class Monitor:
    """One log under watch."""

    def __init__(
        self, place: str, token: Callable[[], str | None], trust: Trust, memory: Memory, schedule: Schedule
    ) -> None:
        self._place, self._token, self._trust, self._memory, self._schedule = place, token, trust, memory, schedule
        self._raised = memory.folder / "alarm"
        self._well = time.time()
        self._full_at = 0.0

    def clear(self) -> None:
        """A person has seen the alarm."""
        self._raised.unlink(missing_ok=True)

    def run(self) -> None:
        """Check for ever."""
        while True:
            following = time.monotonic() + self._schedule.every
            self.check()
            while (left := following - time.monotonic()) > 0:
                time.sleep(min(left, TICK))
                self._tell()

    def check(self) -> int:
        """One check: FINE, ALARM (also one that was raised before), or UNREACHABLE."""
        began = time.time()
        full = began - self._full_at >= self._schedule.full_every
        try:
            verdict = self._verdict(full)
        except (CannotRead, OSError) as error:
            return self._silent(str(error))
        if verdict.fault == ABSENT:
            return self._silent(str(ABSENT))
        _unreachable.set(0)
        if verdict.ok:
            self._well = time.time()
            self._full_at = began if full else self._full_at
            _size.set(verdict.size)
            log.info("%s: %d entries hold, checked from %d on", verdict.origin, verdict.size, verdict.since)
        else:
            self._raise(verdict.error or "", verdict)
        return self._tell()

    def _verdict(self, full: bool) -> Verdict:
        """The log's verdict; what is missing is missed twice.

        A log that goes away while it is read, for an outage or to be moved, looks at first like one that lacks a part.
        """
        place, asked = Place(self._place, self._token()), Asked(full=full, memory=self._memory)
        verdict = verify(place, self._trust, asked)
        return verify(place, self._trust, asked) if verdict.fault and verdict.fault.missing else verdict

    def _silent(self, error: str) -> int:
        """The log cannot be read: an alarm only once that has lasted."""
        _unreachable.set(1)
        log.warning("the log cannot be read: %s", error)
        if time.time() - self._well > self._schedule.stale:
            self._raise(f"không đọc được nhật ký đã {self._schedule.stale:g} giây / not read for that long: {error}")
        return self._tell() or UNREACHABLE

    def _raise(self, why: str, verdict: Verdict | None = None) -> None:
        """Raise the alarm; the first one stays, with what was wrong then."""
        log.error("ALARM: %s", why)
        if self._raised.exists():
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        what = {"at": at, "error": why, "verdict": verdict.as_json() if verdict else None}
        self._raised.parent.mkdir(parents=True, exist_ok=True)
        # A crash before here forgets the alarm; what raised it is still in the log, so the next check raises it again.
        replace_file(self._raised, json.dumps(what, ensure_ascii=False, indent=1).encode())
        sync_path(self._raised.parent)

    def _tell(self) -> int:
        raised = int(self._raised.exists())
        _alarm.set(raised)
        _age.set(time.time() - self._well)
        return raised


def end_now(signal: int, frame: FrameType | None) -> None:
    """End at once, whatever is being waited for: what is kept is whole at every moment, so nothing need be put away."""
    for process in active_children():
        process.kill()
    log.info("the monitor ends")
    os._exit(0)


def token_in(file: str | None) -> Callable[[], str | None]:
    """The token that a file holds at the time of asking, so that it may be replaced while the monitor runs."""
    # What is not text, HttpSource refuses as no token: a file that is just being replaced must not end the monitor.
    return lambda: Path(file).read_text(encoding="utf-8", errors="replace").strip() if file else None
