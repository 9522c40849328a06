"""Alerts as the inbox shows them, kept beside the facts that make them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries
from services.reports.alerts.alert import COLUMNS, TELLING, Alert, alert_id, alert_of, row_of
from services.reports.facts.effects import Facts
from services.reports.facts.facts import Entry

_queries = load_queries(Path(__file__).with_name("queries.sql"))


async def rewrite_alerts(connection: Connection, facts: Facts, run: Sequence[Entry]) -> None:
    """Write the alerts of the closed inspections of which a run tells a head; drop those with nothing left to list."""
    touched = {entry.event.data["inspection"] for entry in run if entry.event.type in TELLING}
    closed = [one for key in sorted(touched) if (one := facts.inspections[key]).closed_at is not None]
    if not closed:
        return
    alerts = {inspection.id: alert_of(inspection, facts.found[inspection.id]) for inspection in closed}
    made = [alert for alert in alerts.values() if alert is not None]
    await _add(connection, [alert for alert in made if alert.inspection not in facts.stored])
    await _write(connection, [alert for alert in made if alert.inspection in facts.stored])
    stored = {key for key, alert in alerts.items() if alert is None and key in facts.stored}
    await _drop(connection, [alert_id(key) for key in sorted(stored)])


async def _add(connection: Connection, alerts: Sequence[Alert]) -> None:
    if alerts:
        await connection.copy_records_to_table(
            "alert", schema_name="reports", columns=COLUMNS, records=map(row_of, alerts)
        )  # fmt: skip


async def _write(connection: Connection, alerts: Sequence[Alert]) -> None:
    if alerts:
        await connection.execute(_queries.put_alerts, *columns(map(row_of, alerts), len(COLUMNS)))


async def _drop(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        await connection.execute(_queries.drop_alerts, ids)
