"""What became of a finding's remedy: all that points and gates are read off. Pure."""

from __future__ import annotations

from dataclasses import dataclass

_TWICE = 2


@dataclass(slots=True)
class Remedy:
    """Reports, the answers to them, deadlines missed; `in_time` is that of a report not yet answered, else None.

    `done`: reported in time and verified. `gated`: overdue so that it holds the unit's band down.
    """

    in_time: bool | None = None
    done: bool = False
    refusals: int = 0
    overdues: int = 0
    gated: bool = False

    def report(self, in_time: bool) -> None:
        """The unit says that it is done; what was missed or refused twice only a verification mends."""
        self.in_time = in_time
        self.gated = self.gated and max(self.refusals, self.overdues) >= _TWICE

    def refuse(self) -> None:
        """The report is refused; without one it was the plan, and its deadline runs on."""
        if self.in_time is None:
            return
        self.in_time = None
        self.refusals += 1
        self.gated = self.gated or self.refusals >= _TWICE

    def miss(self) -> None:
        """A deadline passed without a report."""
        self.overdues += 1
        self.gated = True

    def verify(self, waived: bool) -> None:
        """It is done, or need not be; then nothing is given back."""
        self.done = self.in_time is True and not waived
        self.in_time = None
        self.gated = False

    def end(self) -> None:
        """The finding was not upheld: there is nothing to put right."""
        self.in_time = None
        self.gated = False
