"""Live cards: rewritten in the transaction that changed what they are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from services.kernel.store.db import Connection, columns
from services.reports.facts import store
from services.reports.facts.directory import Directory
from services.reports.facts.facts import UnitQuarter
from services.reports.fold.sql import queries
from services.reports.scoring.cards import render, summary
from services.reports.scoring.rulebook import Rulebook
from services.reports.text import dump

_AT_ONCE = 100


async def rewrite_cards(
    connection: Connection, dirty: Collection[tuple[str, str]], directory: Directory, rulebook: Rulebook
) -> None:
    """Recompute and store some (quarter, unit) cards and their rows; one with nothing left in it goes."""
    pending = iter(sorted(dirty))
    while some := list(islice(pending, _AT_ONCE)):
        facts = await store.unit_quarters(connection, some)
        empty = [key for key, one in facts.items() if _gone(one, directory)]
        kept = [one for key, one in facts.items() if key not in empty]
        await connection.execute(queries.put_cards, *columns(_rows(kept, directory, rulebook), 4))
        if empty:
            await connection.execute(queries.drop_cards, *columns(empty, 2))


def _gone(one: UnitQuarter, directory: Directory) -> bool:
    """Whether there is no card: nothing is known, or only surveys of a unit that was not valid then."""
    return one.empty or not (one.active or directory.valid_in(one.unit, one.quarter))


def _rows(
    facts: Iterable[UnitQuarter], directory: Directory, rulebook: Rulebook
) -> Iterator[tuple[str, str, str, str]]:
    for one in facts:
        card = render(one, directory, rulebook)
        yield card["quarter"], card["unit"], dump(card), dump(summary(card))
