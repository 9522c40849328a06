"""Findings in the working state. Pure."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.domain.case import State


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
    lapsed: bool = False
    outcome: str | None = None
    reply_due: datetime | None = None
    answers: dict[str, str] = field(default_factory=dict)
    """Withdrawal, reply and decision of this batch, by the write's id."""
    held: dict[int, str] = field(default_factory=dict)
    """The commitment to each photo that is kept, by its place in the manifest, from 1."""

    @property
    def missing(self) -> list[int]:
        """The places of photos that are still to come."""
        return missing_photos(self.photos, self.held)


def missing_photos(manifest: Iterable[Mapping[str, Any]], held: Container[int]) -> list[int]:
    """The places of a manifest's photos that are not held; one that was erased or lost is waited for no more."""
    return [place for place, photo in enumerate(manifest, start=1) if "sha256" in photo and place not in held]


@dataclass(slots=True)
class Findings:
    """Those that a batch is about."""

    known: dict[str, Finding] = field(default_factory=dict)
    new: list[Finding] = field(default_factory=list)
    changed: dict[str, Finding] = field(default_factory=dict)
