"""Frozen editions as a caller may see them: everybody once they are published, before that only reviewers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.kernel.problems import NotFound
from services.kernel.quarters import quarter_name
from services.reports.editions.differences import before, differences
from services.reports.editions.proof import card_path
from services.reports.reading.listing import Frozen, Listing
from services.reports.reading.named import check_quarter, check_unit
from services.reports.reading.snapshot import Snapshot, tree_head
from services.reports.reading.sql import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A published card's bytes, its place among its edition's cards, and the log index of the publication."""

    card: bytes
    index: int
    size: int
    path: Sequence[bytes]
    cards_root: bytes
    entry: int


async def frozen_listing(
    snapshot: Snapshot, quarter: str, edition: str, group: str | None = None, *, reviewer: bool = True
) -> Listing:
    """A frozen edition's list; NotFound when the quarter was not closed so, or for others than reviewers so far."""
    check_quarter(quarter)
    row = await _edition(snapshot, quarter, edition, reviewer)
    frozen = _frozen(quarter, edition, row)

    async def made() -> Listing:
        shown = await _rows(snapshot, frozen.closing, group)
        return Listing(
            quarter=quarter, edition=edition, rules=row["rules"], head=frozen.head, rows=shown, frozen=frozen,
            group=group, differs=await _differences(snapshot, quarter, edition, group, shown),
        )  # fmt: skip

    return await snapshot.kept.listing((frozen, group), made)


async def _rows(snapshot: Snapshot, closing: str, group: str | None) -> dict[str, str]:
    rows = await snapshot.connection.fetch(queries.edition_rows, closing)
    return {row["unit"]: row["row"] for row in rows if group is None or row["grp"] == group}


async def _differences(
    snapshot: Snapshot, quarter: str, edition: str, group: str | None, shown: Mapping[str, str]
) -> list[dict[str, Any]] | None:
    """What a restatement says otherwise than the edition before it; None of any other edition."""
    restated = before(edition)
    if restated is None:
        return None
    row = await snapshot.connection.fetchrow(queries.edition, quarter, restated)
    return differences(await _rows(snapshot, row["closing"], group) if row else {}, shown)


async def differences_of(snapshot: Snapshot, quarter: str, edition: str, unit: str) -> list[dict[str, Any]]:
    """What a restatement says otherwise of one unit; nothing of any other edition."""
    if before(edition) is None:
        return []
    row = await _edition(snapshot, quarter, edition, reviewer=True)
    told = await _differences(snapshot, quarter, edition, None, await _rows(snapshot, row["closing"], None)) or []
    return [one for one in told if one["unit"] == unit]


async def proven_card(snapshot: Snapshot, quarter: str, edition: str, unit: str) -> Proven:
    """A published card with its path to the root; NotFound while its edition is closed."""
    check_quarter(quarter)
    check_unit(unit)
    row = await _edition(snapshot, quarter, edition, reviewer=False)
    cards = {
        one["unit"]: one["body"] for one in await snapshot.connection.fetch(queries.edition_bodies, row["closing"])
    }
    if unit not in cards:
        raise NotFound
    units = sorted(cards)
    index = units.index(unit)
    return Proven(
        card=cards[unit], index=index, size=len(units), path=card_path([cards[one] for one in units], index),
        cards_root=row["cards_root"], entry=await snapshot.connection.fetchval(queries.opened_by, row["closing"]),
    )  # fmt: skip


async def newest(snapshot: Snapshot, quarter: str) -> str:
    """The newest published edition of a quarter; NotFound before the first."""
    found = await editions(snapshot, quarter, reviewer=False)
    if not found:
        raise NotFound((
            f"{quarter_name(quarter)} chưa có bản nào được công bố.",
            f"No edition of {quarter_name(quarter, 'en')} has been published yet.",
        ))  # fmt: skip
    return max(found, key=lambda one: one.head.size).kind


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


async def frozen(snapshot: Snapshot, quarter: str, edition: str) -> Frozen:
    """A frozen edition itself; NotFound when the quarter was not closed so."""
    return _frozen(quarter, edition, await _edition(snapshot, quarter, edition, reviewer=True))


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
