"""The nightly self-check: every quarter's cards, live and frozen, computed anew from the log and compared.

What is not what the log says is published no more until a later check finds it right.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.kernel.feed.client import LogClient
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.process.clock import Clock
from services.kernel.process.loops import wait_for_event
from services.kernel.process.telemetry import meter
from services.kernel.quarters import ICT
from services.kernel.store.db import Pool, transaction
from services.reports.editions.cut import Cut, card_bytes, card_of, cards_root
from services.reports.editions.fitting import fitted
from services.reports.facts.facts import CUTS
from services.reports.fold.feed import read_log
from services.reports.fold.fold import read_entries, segments
from services.reports.fold.live_cards import LiveCards
from services.reports.fold.prefix import Prefix
from services.reports.fold.sql import queries
from services.reports.scoring.cards import Form, TreeHead, render, summary

HOURS = range(1, 5)
"""Of the night, in Viet Nam."""
_LOOK = 600.0  # seconds
_AGAIN = timedelta(hours=20)
log = logging.getLogger(__name__)
_differing = meter.create_gauge(
    "kycuong.reports.differing_quarters",
    unit="{quarter}",
    description="quarters whose stored cards are not what the log says: nothing of them is published",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A quarter as it is stored, at a size of the log."""

    size: int
    root: bytes
    cards: Mapping[str, tuple[str, str]]
    """By unit: the live card, and its row in the list."""
    editions: Mapping[str, tuple[TreeHead, bytes, bytes, bool]]
    """By closing: tree head and root over the cards as frozen, the root over the cards as they lie there, and whether
    each row of the list says what its card says."""


class SelfCheck:
    """Computes the quarters anew, one after the other, while the service goes on."""

    def __init__(self, pool: Pool, client: LogClient, clock: Clock, cards: LiveCards | None = None) -> None:
        self._pool, self._client, self._clock = pool, client, clock
        self._cards = cards or LiveCards(pool)

    async def run(self, stop: asyncio.Event) -> None:
        """Once a night until told to stop; what fails is told and tried again."""
        while not stop.is_set():
            await wait_for_event(stop, _LOOK)
            now = self._clock.now()
            try:
                if not stop.is_set() and now.astimezone(ICT).hour in HOURS:
                    await self.once(now - _AGAIN)
            except Exception as error:
                log.warning("the self-check did not end, and is tried again: %s: %s", type(error).__name__, error)

    async def once(self, since: datetime | None = None) -> dict[str, str]:
        """Check every quarter, or those not checked since an instant; what differs, by quarter.

        One that cannot be checked keeps none of the others waiting; an ExceptionGroup says so in the end.
        """
        found: dict[str, str] = {}
        failed: dict[str, Exception] = {}
        for row in await self._pool.fetch(queries.quarters_to_check, since or self._clock.now()):
            quarter = row["quarter"]
            try:
                differs = await self._check(quarter)
            except Exception as error:
                failed[quarter] = error
                continue
            if differs is not None:
                found[quarter] = differs
                log.error("%s is not what the log says, so nothing of it is published: %s", quarter, differs)
        _differing.set(len(await differing(self._pool)))
        if failed:
            said = "; ".join(f"{quarter}: {type(error).__name__}: {error}" for quarter, error in failed.items())
            raise ExceptionGroup(f"not checked: {said}", list(failed.values()))
        return found

    async def _check(self, quarter: str) -> str | None:
        kept = await self._kept(quarter)
        differs = await _difference(self._client, quarter, kept)
        async with transaction(self._pool) as connection:
            await connection.execute(queries.put_check, quarter, self._clock.now(), kept.size, differs)
            await connection.execute(queries.stop_publications, quarter, differs is not None)
        return differs

    async def _kept(self, quarter: str) -> Kept:
        async with self._cards.fresh([quarter]) as (connection, head):
            stored = await connection.fetch(queries.cards_of_quarter, quarter)
            cards = {row["unit"]: (row["body"], row["row"]) for row in stored}
            editions = {}
            for row in await connection.fetch(queries.editions_of_quarter, quarter):
                lying = await connection.fetch(queries.cards_of_edition, row["closing"])
                told = TreeHead(row["size"], base64.b64encode(row["root"]).decode())
                editions[str(row["closing"])] = told, row["cards_root"], *await asyncio.to_thread(_lying, lying)
        return Kept(head["size"], head["root"], cards, editions)


def _lying(cards: Sequence[Mapping[str, Any]]) -> tuple[bytes, bool]:
    """The root over an edition's stored cards, and whether its list says what they say."""
    alike = all(_stored(card["row"]) == _listed(card["body"]) for card in cards)
    return cards_root(card["body"] for card in cards), alike


async def _difference(client: LogClient, quarter: str, kept: Kept) -> str | None:
    """The first thing in which a stored quarter is not what the log says."""
    prefix, tree, first = Prefix(quarter), CompactRange(), 0
    async for raw in read_log(client, kept.size):
        for run in segments(await read_entries(first, raw)):
            prefix.take(run)
            tree.extend(leaf_hash(raw[entry.index - first]) for entry in run)
            if run[-1].event.type in CUTS and run[-1].event.data.get("quarter") == quarter:
                cut = Cut.of(run[-1], tree.size, tree.root())
                root = await _frozen_root(prefix, cut)
                if (cut.head, root, root, True) != kept.editions.get(cut.closing):
                    return f"the edition {cut.edition} has other cards"
            await asyncio.sleep(0)  # who checks here also answers others
        first = tree.size
    if tree.root() != kept.root:
        return "the log's entries do not have the root at which the cards stand"
    return await asyncio.to_thread(_live_difference, prefix, kept.cards)  # 5,000 take a second


async def _frozen_root(prefix: Prefix, cut: Cut) -> bytes:
    directory, rulebook, units = prefix.reference.directory, prefix.reference.rulebook, prefix.units()
    rules = rulebook.comparison(cut.quarter) if cut.form is Form.SECOND else None
    beside = await fitted(rules, cut.quarter, prefix.seen(units)) if rules else {}
    cards = (card_of(one, directory, rulebook, cut, beside.get(unit)) for unit, one in units.items())
    return await asyncio.to_thread(cards_root, map(card_bytes, cards))


def _live_difference(prefix: Prefix, cards: Mapping[str, tuple[str, str]]) -> str | None:
    """Of live cards only those of units of which something is known are stored."""
    directory, rulebook = prefix.reference.directory, prefix.reference.rulebook
    units = {unit: one for unit, one in prefix.units().items() if not one.empty}
    for unit in sorted({*units, *cards}):
        if unit not in units or unit not in cards:
            return f"the live card of {unit} is {'missing' if unit in units else 'made up'}"
        body, row = cards[unit]
        card = render(units[unit], directory, rulebook)
        if _stored(body) != _said(card):
            return f"the live card of {unit} is another"
        if _stored(row) != _said(summary(card)):
            return f"the live list says otherwise of {unit}"
    return None


def _stored(text: str | bytes) -> dict[str, Any] | None:
    """What a stored card or row says; None of what is none at all."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return _said(said) if isinstance(said, dict) else None


def _listed(body: bytes) -> dict[str, Any] | None:
    """What the list has to say of a stored card; None of what is no card at all."""
    try:
        return _said(summary(json.loads(body)))
    except (ValueError, KeyError, TypeError):
        return None


def _said(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says; a place that an earlier program did not know is empty."""
    return {name: value for name, value in card.items() if value is not None}


async def differing(pool: Pool) -> dict[str, str]:
    """What the last self-check found of each quarter that it found to differ."""
    return {row["quarter"]: row["differs"] for row in await pool.fetch(queries.differing)}
