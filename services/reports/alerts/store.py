"""Alerts as the inbox shows them, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.alerts.alert import TELLING, Alert, alert_id, alert_of
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry
from services.reports.text import dump

_COLUMNS = ("id", "inspection", "unit", "created_at", "acknowledged_at", "body")
_queries = load_queries(Path(__file__).with_name("queries.sql"))


async def rewrite_alerts(connection: Connection, facts: Facts, run: Sequence[Entry]) -> None:
    """Write the alerts of the closed inspections of which a run tells a head; drop those with nothing left to list."""
    touched = {entry.event.data["inspection"] for entry in run if entry.event.type in TELLING}
    closed = [one for key in sorted(touched) if (one := facts.inspections[key]).closed_at is not None]
    if not closed:
        return
    findings = facts.by_inspection()
    alerts = {inspection.id: alert_of(inspection, findings[inspection.id]) for inspection in closed}
    made = [alert for alert in alerts.values() if alert is not None]
    await _add(connection, [alert for alert in made if alert.inspection not in facts.stored])
    await _write(connection, [alert for alert in made if alert.inspection in facts.stored])
    stored = {key for key, alert in alerts.items() if alert is None and key in facts.stored}
    await _drop(connection, [alert_id(key) for key in sorted(stored)])


async def _add(connection: Connection, alerts: Sequence[Alert]) -> None:
    if alerts:
        await connection.copy_records_to_table(
            "alert", schema_name="reports", columns=_COLUMNS, records=map(_row, alerts)
        )  # fmt: skip


async def _write(connection: Connection, alerts: Sequence[Alert]) -> None:
    if alerts:
        await connection.execute(_queries.put_alerts, *columns(map(_row, alerts), len(_COLUMNS)))


def _row(alert: Alert) -> tuple[str | None, ...]:
    body = dump(alert_json(alert))
    return alert.id, alert.inspection, alert.unit, alert.created_at, alert.acknowledged_at, body


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


async def _drop(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        await connection.execute(_queries.drop_alerts, ids)
