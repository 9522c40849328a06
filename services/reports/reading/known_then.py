"""Cards as known at a checkpoint's size: computed from the log's prefix once, kept while they are asked for."""

from __future__ import annotations

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.kernel.feed.client import LogClient
from services.kernel.problems import NotFound
from services.reports.editions.fitting import fitted
from services.reports.facts.facts import UnitQuarter
from services.reports.fold.prefix import Prefix, read_prefix
from services.reports.fold.reference import Reference
from services.reports.reading.listing import LIVE, Listing
from services.reports.reading.named import check_begun, check_unit
from services.reports.reading.scope import Scope
from services.reports.reading.snapshot import Snapshot
from services.reports.scoring.cards import TreeHead, render, summary, with_log
from services.reports.text import dump

_KEPT = 4  # quarters at a size


class NoSuchSize(NotFound):
    """Nhật ký không có mốc kiểm chứng nào đúng số mục này.

    No checkpoint of the log has exactly so many entries.
    """

    def __init__(self, size: int | str) -> None:
        super().__init__((
            f"Nhật ký không có mốc kiểm chứng nào đúng {size} mục.",
            f"No checkpoint of the log has exactly {size} entries.",
        ))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Then:
    """A quarter's cards without their tree head, at that size of the log."""

    head: TreeHead
    rules: str | None
    cards: dict[str, dict[str, Any]]


class KnownThen:
    """Computes and keeps them."""

    def __init__(self, log: LogClient) -> None:
        self._log = log
        self._kept: OrderedDict[tuple[int, str], Then] = OrderedDict()
        self._one = asyncio.Lock()

    async def at(self, quarter: str, size: int, today: date) -> Then:
        """The quarter at a size; NotFound for one that no checkpoint has, or that has not begun."""
        check_begun(quarter, today)
        async with self._one:  # of many who ask for the same, one computes
            if (size, quarter) not in self._kept:
                self._kept[size, quarter] = await self._compute(quarter, size)
            self._kept.move_to_end((size, quarter))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[size, quarter]

    async def _compute(self, quarter: str, size: int) -> Then:
        root = await self._log.signed(size)
        if root is None:
            raise NoSuchSize(size)
        prefix = await read_prefix(self._log, size, root, quarter)
        return await _then(prefix, TreeHead(size, base64.b64encode(root).decode()))


async def _then(prefix: Prefix, head: TreeHead) -> Then:
    """In a thread what takes long: who computes here also answers others."""
    rulebook, units = prefix.reference.rulebook, await asyncio.to_thread(prefix.units)
    rules, comparing = rulebook.rules(prefix.quarter), rulebook.comparison(prefix.quarter)
    beside: Mapping[str, dict[str, Any]] = {}
    if comparing:
        beside = await fitted(comparing, prefix.quarter, await asyncio.to_thread(prefix.seen, units))
    cards = await asyncio.to_thread(_cards, units, prefix.reference, beside)
    return Then(head, rules.version if rules else None, cards)


def _cards(
    units: Mapping[str, UnitQuarter], known: Reference, beside: Mapping[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    return {
        unit: render(facts, known.directory, known.rulebook, comparison=beside.get(unit))
        for unit, facts in units.items()
    }


def listing_then(snapshot: Snapshot, then: Then, quarter: str, scope: Scope, group: str | None = None) -> Listing:
    """A quarter's list as known then, or that of a kind of unit, as far as the scope reaches today."""
    asked = {unit: card for unit, card in then.cards.items() if group in (None, card["group"])}
    rows = {unit: dump(summary(card)) for unit, card in asked.items() if _sees(snapshot, scope, quarter, unit)}
    part = len(rows) < len(asked)  # what the scope narrows is not all of a kind of unit
    return Listing(
        quarter=quarter,
        edition=LIVE,
        rules=then.rules,
        head=then.head,
        rows=rows,
        group=None if part else group,
        part=part,
    )


def card_then(snapshot: Snapshot, then: Then, quarter: str, unit: str, scope: Scope) -> dict[str, Any]:
    """A unit's card as known then; NotFound when there was none or it is out of scope."""
    check_unit(unit)
    if unit not in then.cards or not _sees(snapshot, scope, quarter, unit):
        raise NotFound
    return with_log(then.cards[unit], then.head)


def _sees(snapshot: Snapshot, scope: Scope, quarter: str, unit: str) -> bool:
    directory = snapshot.directory
    return unit in directory and scope.sees(directory.card_readers(unit, quarter, snapshot.today))
