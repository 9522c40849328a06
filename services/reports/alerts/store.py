"""Alerts as the inbox shows them, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.alerts.alert import Alert, alert_id, alert_of
from services.reports.facts import store
from services.reports.facts.effects import Facts
from services.reports.text import dump

_queries = load_queries(Path(__file__).with_name("queries.sql"))


async def rewrite_alerts(connection: Connection, facts: Facts) -> None:
    """Write the alerts of the closed inspections that a run touched; drop those with nothing left to list."""
    closed = [facts.inspections[key] for key in sorted(facts.touched_inspections)]
    closed = [inspection for inspection in closed if inspection.closed_at is not None]
    if not closed:
        return
    findings = await store.findings_of(connection, [inspection.id for inspection in closed])
    alerts = {inspection.id: alert_of(inspection, findings.get(inspection.id, ())) for inspection in closed}
    await _write(connection, [alert for alert in alerts.values() if alert is not None])
    await _drop(connection, [alert_id(key) for key, alert in alerts.items() if alert is None])


async def _write(connection: Connection, alerts: Sequence[Alert]) -> None:
    rows = [
        (one.id, one.inspection, one.unit, one.created_at, one.acknowledged_at, dump(alert_json(one))) for one in alerts
    ]
    if rows:
        await connection.execute(_queries.put_alerts, *columns(rows, 6))


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
