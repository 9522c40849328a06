"""Findings in the working state, with their steps and clocks. Pure."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.domain.case import State, is_kept
from services.domain.deadlines import Deadline, Kind, Standing
from services.domain.remedy import Remedy


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a case."""

    event: str | None
    """A person's has the id of the write; None of a lapse that an earlier program noted."""
    type: str
    """Without its version."""
    role: str
    at: datetime
    account: str | None
    """None when the system took it."""


@dataclass(slots=True, kw_only=True)
class Finding:
    """One thing seen, with what became of it."""

    id: str
    inspection: str
    unit: str
    code: str
    catalogue: str
    severity: int
    count: int
    captured_at: datetime
    photos: tuple[Mapping[str, Any], ...]
    filer: str
    received_at: datetime
    state: str = State.RECORDED
    accepts: bool | None = None
    outcome: str | None = None
    released: bool = False
    remedy: str = Remedy.NONE
    steps: list[Step] = field(default_factory=list)
    """In their order; those from `stored` on are new."""
    stored: int = 0
    clocks: list[Deadline] = field(default_factory=list)
    """In their order, of each kind; those from `kept_clocks` on are new."""
    kept_clocks: int = 0
    stopped: list[Deadline] = field(default_factory=list)
    """Clocks that ran until this write, or this sweep."""
    held: dict[int, str] = field(default_factory=dict)
    """The commitment to each photo that is kept, by its place in the manifest, from 1."""

    @property
    def missing(self) -> list[int]:
        """The places of photos that are still to come."""
        return missing_photos(self.photos, self.held)

    @property
    def kept(self) -> bool:
        """Whether the unit may not know of it."""
        return is_kept(self.severity, self.released)

    def clock(self, kind: Kind) -> Deadline | None:
        """The newest clock of a kind."""
        for one in reversed(self.clocks):
            if one.kind == kind:
                return one
        return None

    def running(self, kind: Kind) -> Deadline | None:
        """The clock of a kind that runs."""
        newest = self.clock(kind)
        return newest if newest is not None and newest.state == Standing.OPEN else None

    def begin(
        self, kind: Kind, due: datetime, begins: datetime, cause: str, *, lapse_after: datetime | None = None,
        last: bool = False,
    ) -> None:  # fmt: skip
        """Another clock of a kind; the one of a cause only once, also when that is told again."""
        if any(one.kind == kind and one.cause == cause for one in self.clocks):
            return
        newest = self.clock(kind)
        self.clocks.append(
            Deadline(
                kind=kind, n=newest.n + 1 if newest else 1, due=due, first_due=due, begins=begins, cause=cause,
                lapse_after=lapse_after, last=last,
            )
        )  # fmt: skip

    def stop(self, kind: Kind, standing: Standing) -> None:
        """The running clock of a kind runs no more."""
        running = self.running(kind)
        if running is not None:
            running.state = standing
            self.stopped.append(running)

    def end(self) -> None:
        """Nothing is waited for any more, and nothing put right."""
        for kind in Kind:
            self.stop(kind, Standing.ENDED)
        self.remedy = Remedy.NONE

    def correct(self, state: State, due: datetime | None, at: datetime, event: str) -> None:
        """It says something else now; `due` where the unit may reply anew."""
        if self.state != State.RECORDED:
            self.accepts = None
            self.end()
        self.state = state
        if due is not None:
            self.begin(Kind.REPLY, due, at, event)

    @property
    def deciders(self) -> set[str | None]:
        """Who has decided it so far."""
        return {step.account for step in self.steps if step.type == "finding.decided"}

    def last(self, type: str) -> Step | None:
        """The newest step of a type."""
        for one in reversed(self.steps):
            if one.type == type:
                return one
        return None


def missing_photos(manifest: Iterable[Mapping[str, Any]], held: Container[int]) -> list[int]:
    """The places of a manifest's photos that are not held; one that was erased or lost is waited for no more."""
    return [place for place, photo in enumerate(manifest, start=1) if "sha256" in photo and place not in held]


@dataclass(slots=True)
class Findings:
    """Those that a batch is about."""

    known: dict[str, Finding] = field(default_factory=dict)
    new: list[Finding] = field(default_factory=list)
    changed: dict[str, Finding] = field(default_factory=dict)
