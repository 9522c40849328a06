"""The code on a printed page: it leads to whether what is printed is what the log has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import Request

from services.kernel.web.site import site_asked
from services.reports.check_address import check_address
from services.reports.reading.listing import Frozen, Listing
from services.reports.reading.state import State

_QUIET = 2  # modules of white around it


@dataclass(frozen=True, slots=True)
class Code:
    """The address of the check, and the strokes that draw it in SVG, within a square of `side`."""

    address: str
    strokes: str
    side: int


def code_of_list(request: Request, state: State, listing: Listing) -> Code:
    """Of a list, live or frozen: its edition and the log's size and root, as files carry them."""
    head, cards_root = listing.head, listing.frozen.cards_root if listing.frozen else None
    return _code(request, state, listing.quarter, listing.edition, head.size, head.root, cards_root)


def code_of_card(request: Request, state: State, card: Mapping[str, Any], frozen: Iterable[Frozen]) -> Code:
    """Of a card as GET answers it, and the frozen editions of its quarter."""
    cards_root = next((one.cards_root for one in frozen if one.kind == card["edition"]), None)
    return _code(request, state, card["quarter"], card["edition"], card["log"]["size"], card["log"]["root"], cards_root)


def _code(request: Request, state: State, *of: Any) -> Code:
    address = check_address(state.settings.public_url or site_asked(request), *of)
    return Code(address, *_drawn(address))


@lru_cache(maxsize=64)
def _drawn(address: str) -> tuple[str, int]:
    """One for all pages at a size of the log."""
    import segno  # only a page that somebody opens needs it

    code = segno.make(address, error="m", micro=False)
    drawing = code.svg_inline(border=_QUIET)
    return drawing.partition(' d="')[2].partition('"')[0], int(code.symbol_size(border=_QUIET)[0])
