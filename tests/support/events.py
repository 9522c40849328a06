"""Events made in bulk, as intake words them: for tests and benchmarks of the log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from services.kernel.envelope import event_bytes
from services.kernel.streams import Record

TIME = datetime(2026, 9, 1, 0, 47, 2, 113000, tzinfo=UTC)


def event_id(number: int) -> str:
    """A UUIDv7-shaped id, the same in every run."""
    return f"01990400-0000-7000-8000-{number:012x}"


def finding(number: int, unit: str, unitseq: int, *, origin: str, severity: int = 1, **data: object) -> bytes:
    """A finding's event of usual size."""
    content = {
        "by": {"role": "inspector", "ref": "5f" * 16},
        "finding": event_id(number),
        "inspection": event_id(number % 97),
        "code": "A01",
        "catalogue": "2026.1",
        "severity": severity,
        "count": 3,
        "captured_at": "2026-09-01T07:45:12+07:00",
        "photos": 1,
        "commitments": {"narrative": "ab" * 32, "photo.1": "cd" * 32},
        "flags": [],
    }
    return event_bytes(
        id=event_id(number),
        type="kycuong.finding.recorded.v1",
        source=f"//{origin}/intake",
        subject=f"finding/{event_id(number)}",
        time=TIME,
        unit=unit,
        unitseq=unitseq,
        data=content | data,
    )


def decided(number: int, unit: str, unitseq: int, *, origin: str, about: int) -> bytes:
    """The event of the decision on a finding."""
    return event_bytes(
        id=event_id(number),
        type="kycuong.finding.decided.v1",
        source=f"//{origin}/intake",
        subject=f"finding/{event_id(about)}",
        time=TIME,
        unit=unit,
        unitseq=unitseq,
        data={
            "by": {"role": "reviewer", "ref": "5e" * 16},
            "finding": event_id(about),
            "inspection": event_id(about % 97),
            "outcome": "upheld",
            "commitments": {"reason": "ef" * 32},
        },
    )


def erasure(number: int, erased: int, unit: str, unitseq: int, *parts: str, origin: str) -> bytes:
    """The event that parts of an earlier one (its number) were erased."""
    return event_bytes(
        id=event_id(number),
        type="kycuong.part.erased.v1",
        source=f"//{origin}/intake",
        subject=f"part/{event_id(erased)}",
        time=TIME,
        unit=unit,
        unitseq=unitseq,
        data={"by": {"role": "auditor", "ref": "6e" * 16}, "event": event_id(erased), "parts": sorted(parts)},
    )


def record(raw: bytes, unit: str, **headers: str) -> Record:
    """The stream record of an event."""
    return Record(unit, raw, headers)


def unit_of(number: int) -> str:
    """One of 500 units."""
    return f"xa-{number % 500:03d}"


def many(count: int, origin: str, first: int = 0) -> Iterable[Record]:
    """The next events of a province: its units in turn, each unit's numbers without gaps."""
    for number in range(first, first + count):
        yield record(finding(number, unit_of(number), number // 500 + 1, origin=origin), unit_of(number))
