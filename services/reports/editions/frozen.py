"""Frozen editions: the cards at a quarter's closing, a pure function of the log up to and with its index."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kernel.process.telemetry import meter
from services.kernel.store.db import Connection, Pool, columns
from services.reports.editions.comparing import comparisons
from services.reports.editions.cut import Cut, FrozenCard, card_of, cards_root
from services.reports.editions.sql import queries
from services.reports.facts import store
from services.reports.facts.directory import Directory
from services.reports.facts.facts import QUARTER_CLOSED, QUARTER_PUBLISHED, Entry, Unfoldable
from services.reports.scoring.cards import Form
from services.reports.scoring.rulebook import Rulebook

log = logging.getLogger(__name__)
_refused = meter.create_gauge(
    "kycuong.reports.publications_refused",
    unit="{edition}",
    description="editions that stay closed because they were published with a root that is not theirs",
)


async def freeze(connection: Connection, cut: Cut, cards: Sequence[FrozenCard], rulebook: Rulebook) -> None:
    """Store a cut's cards once; Unfoldable when it is already frozen as something else (a rebuild that disagrees)."""
    root = cards_root(card.body for card in cards)
    rules = rulebook.rules(cut.quarter)
    added = await connection.fetchval(
        queries.add_edition, cut.closing, cut.quarter, cut.edition, cut.size, cut.root, root,
        rules.version if rules else None,
    )  # fmt: skip
    if added is None:
        await _compare(connection, cut, root)
        return
    await connection.execute(
        queries.add_edition_cards, cut.closing,
        *columns(cards, 4),
    )  # fmt: skip
    log.info("froze %s %s: %d cards at size %d", cut.quarter, cut.edition, len(cards), cut.size)


async def _compare(connection: Connection, cut: Cut, root: bytes) -> None:
    kept = await connection.fetchrow(queries.frozen_as, cut.closing)
    if (kept["size"], kept["root"], kept["cards_root"]) != (cut.size, cut.root, root):
        reason = f"edition {cut.edition} of {cut.quarter} was frozen with other cards"
        raise Unfoldable(cut.size - 1, QUARTER_CLOSED, reason)


async def cards_at(connection: Connection, cut: Cut, directory: Directory, rulebook: Rulebook) -> list[FrozenCard]:
    """The cards of a cut that the projections stand at, by unit."""
    active = await store.active_units(connection, cut.quarter)
    units = sorted(active.union(directory.units_in(cut.quarter)))
    facts = await store.unit_quarters(connection, [(cut.quarter, unit) for unit in units])
    beside: Mapping[str, dict[str, Any]] = {}
    if cut.form is Form.SECOND:
        beside = await comparisons(connection, cut.quarter, units, directory, rulebook)
    return [
        FrozenCard.of(card_of(one, directory, rulebook, cut, beside.get(one.unit)))
        for one in sorted(facts.values(), key=lambda one: one.unit)
    ]


async def open_edition(connection: Connection, entry: Entry) -> None:
    """Open the edition that a publication names if the root is its own; else it stays closed, and that alarms."""
    data = entry.event.data
    try:
        closing, root = UUID(data["closing"]), base64.b64decode(data["cards_root"], validate=True)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unfoldable(entry.index, QUARTER_PUBLISHED, f"{type(error).__name__}: {error}") from error
    kept = await connection.fetchrow(queries.frozen_as, closing)
    own = kept is not None and kept["cards_root"] == root
    await connection.execute(queries.add_publication, entry.index, closing, root, own, entry.event.time)
    if not own:
        log.error(
            "entry %d publishes %s with another root than its cards have: it opens nothing, publish it again with the "
            "root that the frozen list shows", entry.index, data.get("quarter"),
        )  # fmt: skip
    await tell_refused(connection)


async def tell_refused(connection: Connection | Pool) -> None:
    """Set the metric to how many editions wait for a publication with their own root."""
    _refused.set(await connection.fetchval(queries.refused_publications))
