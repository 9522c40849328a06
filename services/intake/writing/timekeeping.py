"""Whether the machine's clock may be believed: judged by the log's newest entry, and by its own jumps.

What the clock decides for good (a deadline that lapses, a quarter that may be closed) waits while it may not be.
"""

import logging
from datetime import datetime, timedelta

from services.intake.writing.standing import Words
from services.kernel.process.clock import CONFIRM, Clock
from services.kernel.process.telemetry import meter
from services.kernel.quarters import ICT

BEHIND = timedelta(minutes=5)
"""How far before the log's newest entry the clock may stand: machines differ a little."""
QUIET = timedelta(days=1)
"""After a longer silence of the log, a clock at the start is confirmed first."""
log = logging.getLogger(__name__)
_doubted = meter.create_gauge("kycuong.clock.doubted", description="1 while the machine's clock is not believed")


class Timekeeper:
    """Doubts the clock, and says why."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: datetime | None = None
        self._since: float | None = None
        self._told = False

    def judge(self, last: datetime | None) -> None:
        """Compare the clock of a start with when the log's newest entry was made (None: there is none)."""
        now = self._clock.now()
        self._last = last
        fits = last is None or last - BEHIND <= now <= last + QUIET
        self._since = None if fits else self._clock.ticks()
        self.doubt()

    def hear(self, last: datetime | None) -> None:
        """The log has a newer entry."""
        self._last = last or self._last

    @property
    def floor(self) -> datetime:
        """The time, but never before the log's newest entry while the clock is in doubt: deadlines count from here."""
        now = self._clock.now()
        return max(now, self._last) if self._since is not None and self._last is not None else now

    def certain(self) -> datetime | None:
        """While the clock is in doubt, a time that has certainly come; else None."""
        if self.doubt() is None:
            return None
        now = self._clock.now()
        return now if self._last is None else min(now, self._last)

    def doubt(self) -> Words | None:
        """Why the clock is not believed just now; None when it is."""
        why = self._jumped() or self._at_odds()
        _doubted.set(int(why is not None))
        if why is not None and not self._told:
            log.error("the machine's clock is not believed: %s", why[1])
        elif why is None and self._told:
            log.warning("the machine's clock is believed again: %s", self._clock.now().isoformat())
        self._told = why is not None
        return why

    def _at_odds(self) -> Words | None:
        if self._since is None or self._last is None:
            return None
        now, last = self._clock.now(), self._last
        if now >= last - BEHIND and self._clock.ticks() - self._since >= CONFIRM.total_seconds():
            self._since = None
            return None
        minutes, shown, of = CONFIRM.seconds // 60, f"{now.astimezone(ICT):%d/%m/%Y %H:%M}", last.astimezone(ICT)
        return (
            f"giờ máy chủ là {shown}, còn mục mới nhất của nhật ký ghi lúc {of:%d/%m/%Y %H:%M}; giờ máy được tin khi "
            f"không ở trước mục đó và đã chạy đều {minutes} phút",
            f"it says {now.isoformat(timespec='minutes')}, the log's newest entry was made at "
            f"{last.isoformat(timespec='minutes')}; it is believed once it is not before that and has gone on for "
            f"{minutes} minutes",
        )

    def _jumped(self) -> Words | None:
        behind = self._since is not None and self._last is not None and self._clock.now() < self._last - BEHIND
        now, jump = self._clock.now(), self._clock.jump
        if jump is None:
            return None
        if behind and self._last is not None and now + jump >= self._last - BEHIND:
            self._clock.adopt()  # what was believed cannot be right, and now it may be
            self._since = self._clock.ticks()
            return None
        minutes = CONFIRM.seconds // 60
        return (
            f"đồng hồ máy chủ nhảy {jump}; giờ mới được tin khi giữ nguyên {minutes} phút",
            f"it jumped by {jump}; the new time is believed once it has stayed for {minutes} minutes",
        )
