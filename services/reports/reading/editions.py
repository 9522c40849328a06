"""Frozen editions as a caller may see them: everybody once they are published, before that only reviewers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from services.kernel.problems import NotFound
from services.kernel.quarters import quarter_name
from services.reports.reading.listing import Frozen, Listing
from services.reports.reading.named import check_quarter, check_unit
from services.reports.reading.snapshot import Snapshot, tree_head
from services.reports.reading.sql import queries


async def frozen_listing(
    snapshot: Snapshot, quarter: str, edition: str, group: str | None = None, *, reviewer: bool = True
) -> Listing:
    """A frozen edition's list; NotFound when the quarter was not closed so, or for others than reviewers so far."""
    check_quarter(quarter)
    row = await _edition(snapshot, quarter, edition, reviewer)
    rows = await snapshot.connection.fetch(queries.edition_rows, row["closing"])
    shown = {row["unit"]: row["row"] for row in rows if group is None or row["grp"] == group}
    frozen = _frozen(quarter, edition, row)
    return Listing(quarter=quarter, edition=edition, rules=row["rules"], head=frozen.head, rows=shown, frozen=frozen)


async def frozen_card(snapshot: Snapshot, quarter: str, edition: str, unit: str, *, reviewer: bool = True) -> bytes:
    """A frozen card's exact bytes; NotFound when there is none, or for others than reviewers so far."""
    check_quarter(quarter)
    check_unit(unit)
    frozen = await _edition(snapshot, quarter, edition, reviewer)
    body: bytes | None = await snapshot.connection.fetchval(queries.edition_card, frozen["closing"], unit)
    if body is None:
        raise NotFound
    return body


async def editions(snapshot: Snapshot, quarter: str | None, *, reviewer: bool) -> list[Frozen]:
    """The frozen editions of one quarter or all, the latest first; but for reviewers only published ones."""
    if quarter is not None:
        check_quarter(quarter)
    rows = await snapshot.connection.fetch(queries.editions, quarter)
    found = [_frozen(row["quarter"], row["edition"], row) for row in rows]
    return [one for one in found if reviewer or one.published_at is not None]


async def _edition(snapshot: Snapshot, quarter: str, edition: str, reviewer: bool) -> Mapping[str, Any]:
    row: Mapping[str, Any] | None = await snapshot.connection.fetchrow(queries.edition, quarter, edition)
    if not reviewer and (row is None or row["published_at"] is None):
        raise NotFound((
            "Bản chốt này chưa được công bố.",
            "This edition has not been published yet.",
        ))  # fmt: skip
    if row is None:
        raise NotFound((
            f"{quarter_name(quarter)} chưa được chốt theo bản này.",
            f"{quarter_name(quarter, 'en')} has not been closed with this edition yet.",
        ))  # fmt: skip
    return row


def _frozen(quarter: str, edition: str, row: Mapping[str, Any]) -> Frozen:
    return Frozen(
        quarter=quarter,
        kind=edition,
        closing=row["closing"],
        head=tree_head(row),
        cards_root=base64.b64encode(row["cards_root"]).decode(),
        published_at=row["published_at"],
        refused=row["refused"],
    )
