"""Frozen editions: the cards at a quarter's closing, a pure function of the log up to and with its index."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.kernel.db import Connection
from services.kernel.envelope import canonical
from services.kernel.merkle import CompactRange, leaf_hash
from services.reports import store
from services.reports.cards import TreeHead, dump, summary, with_log
from services.reports.directory import Directory
from services.reports.facts import QUARTER_CLOSED, Entry, Unfoldable
from services.reports.live import render
from services.reports.rulebook import Rulebook

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cut:
    """A quarter's closing: its event, and the tree head of the prefix that ends with it."""

    closing: str
    quarter: str
    edition: str
    size: int
    root: bytes

    @classmethod
    def of(cls, entry: Entry, prefix: CompactRange) -> Cut:
        """The cut of a quarter.closed entry; Unfoldable when it names no quarter or edition."""
        data = entry.event.data
        try:
            return cls(entry.event.id, str(data["quarter"]), str(data["edition"]), prefix.size, prefix.root())
        except KeyError as error:
            raise Unfoldable(entry.index, QUARTER_CLOSED, f"no {error}") from error

    @property
    def head(self) -> TreeHead:
        """The tree head as cards name it."""
        return TreeHead(self.size, base64.b64encode(self.root).decode())


@dataclass(frozen=True, slots=True)
class FrozenCard:
    """One card's RFC 8785 bytes, and its row in the list."""

    unit: str
    group: str
    body: bytes
    row: str


def cards_root(cards: Sequence[FrozenCard]) -> bytes:
    """The RFC 6962 root over the cards ordered by unit."""
    tree = CompactRange()
    tree.extend(leaf_hash(card.body) for card in cards)
    return tree.root()


async def freeze(connection: Connection, cut: Cut, directory: Directory, rulebook: Rulebook) -> None:
    """Store a cut's cards once; Unfoldable when it is already frozen as something else (a rebuild that disagrees)."""
    cards = await _cards(connection, cut, directory, rulebook)
    root = cards_root(cards)
    rules = rulebook.rules(cut.quarter)
    added = await connection.fetchval(
        store.queries.add_edition, cut.closing, cut.quarter, cut.edition, cut.size, cut.root, root,
        rules.version if rules else None,
    )  # fmt: skip
    if added is None:
        await _compare(connection, cut, root)
        return
    await connection.execute(
        store.queries.add_edition_cards, cut.closing, [card.unit for card in cards], [card.group for card in cards],
        [card.body for card in cards], [card.row for card in cards],
    )  # fmt: skip
    log.info("froze %s %s: %d cards at size %d", cut.quarter, cut.edition, len(cards), cut.size)


async def _compare(connection: Connection, cut: Cut, root: bytes) -> None:
    kept = await connection.fetchrow(store.queries.frozen_as, cut.closing)
    if (kept["size"], kept["root"], kept["cards_root"]) != (cut.size, cut.root, root):
        reason = f"edition {cut.edition} of {cut.quarter} was frozen with other cards"
        raise Unfoldable(cut.size - 1, QUARTER_CLOSED, reason)


async def _cards(connection: Connection, cut: Cut, directory: Directory, rulebook: Rulebook) -> list[FrozenCard]:
    active = {row["unit"] for row in await connection.fetch(store.queries.active_units, cut.quarter)}
    units = sorted(active.union(directory.units_in(cut.quarter)))
    facts = await store.unit_quarters(connection, [(cut.quarter, unit) for unit in units])
    return [
        _frozen(with_log(render(one, directory, rulebook, cut.edition), cut.head))
        for one in sorted(facts.values(), key=lambda one: one.unit)
    ]


def _frozen(card: dict[str, Any]) -> FrozenCard:
    return FrozenCard(card["unit"], card["group"], canonical(card), dump(summary(card)))
