"""An alert as it follows from an inspection and its findings. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from services.kernel.envelope import named_id
from services.reports.facts.facts import Finding, Inspection
from services.reports.text import dump

TELLING = frozenset({
    "kycuong.inspection.closed.v1", "kycuong.inspection.voided.v1", "kycuong.inspection.acknowledged.v1",
    "kycuong.finding.recorded.v1", "kycuong.finding.corrected.v1", "kycuong.finding.released.v1",
    "kycuong.finding.withdrawn.v1",
})  # fmt: skip
"""The events that change an alert."""
COLUMNS = ("id", "inspection", "unit", "created_at", "acknowledged_at", "body")
_index = attrgetter("index")


@dataclass(slots=True, kw_only=True)
class Alert:
    """What a unit's head is told of one inspection; `acknowledged_at` is None while open."""

    id: str
    unit: str
    inspection: str
    findings: tuple[Finding, ...]
    created_at: str
    acknowledged_at: str | None


def alert_id(inspection: str) -> str:
    """An alert's id: the UUIDv5 of its inspection's."""
    return named_id(inspection)


def alert_of(inspection: Inspection, findings: Iterable[Finding]) -> Alert | None:
    """The alert of a closed inspection, None when nothing is listed; an acknowledgement covers what was known then."""
    listed = tuple(sorted([one for one in findings if one.listed], key=_index))
    if inspection.closed_at is None or not inspection.counts or not listed:
        return None
    seen = inspection.acknowledged_index
    covered = seen is not None and all(one.told_index < seen for one in listed)
    return Alert(
        id=alert_id(inspection.id),
        unit=inspection.unit,
        inspection=inspection.id,
        findings=listed,
        created_at=inspection.closed_at,
        acknowledged_at=inspection.acknowledged_at if covered else None,
    )


def row_of(alert: Alert) -> tuple[str | None, ...]:
    """An alert as it is kept."""
    return alert.id, alert.inspection, alert.unit, alert.created_at, alert.acknowledged_at, dump(alert_json(alert))


def alert_json(alert: Alert) -> dict[str, Any]:
    """An alert as the wire shows it."""
    return {
        "id": alert.id,
        "unit": alert.unit,
        "inspection": alert.inspection,
        "findings": [
            {"id": one.id, "code": one.code, "severity": one.severity, "count": one.count} for one in alert.findings
        ],
        "created_at": alert.created_at,
        "acknowledged_at": alert.acknowledged_at,
    }
