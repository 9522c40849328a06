"""Where the code on a paper leads: whether its printed roots are those of the log; to anybody, without signing in."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal

from fastapi import Request
from fastapi.responses import Response

from services.domain.words import edition_words
from services.kernel.feed.client import LogUnreachable
from services.kernel.problems import NotFound, Unavailable
from services.reports.pages.frame import PAGES
from services.reports.reading.access import EDITION
from services.reports.reading.editions import editions
from services.reports.reading.listing import LIVE
from services.reports.reading.named import check_quarter
from services.reports.reading.state import State, state_of

Verdict = Literal["published", "unpublished", "live", "unknown", "differs"]
_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class Printed:
    """What a paper says of itself; roots are base64."""

    quarter: str
    edition: str
    size: int
    root: str
    cards: str | None


async def check_page(request: Request) -> Response:
    """What the log says of the edition that a paper names."""
    state, printed = state_of(request), _printed(request)
    verdict, published_at = await (_of_live if printed.edition == LIVE else _of_frozen)(state, printed)
    return PAGES.render(
        request, "check.html", reader=None, printed=printed, verdict=verdict, published_at=published_at,
        edition=edition_words(printed.edition),
    )  # fmt: skip


def _printed(request: Request) -> Printed:
    said = request.query_params
    quarter, edition, size = (said.get(name, "") for name in ("quarter", "edition", "size"))
    check_quarter(quarter)
    if not re.fullmatch(EDITION, edition) or not re.fullmatch("[1-9][0-9]{0,15}", size) or int(size) > _LARGEST:
        raise _broken()
    cards = said.get("cards")
    return Printed(quarter, edition, int(size), _root(said.get("root", "")), cards and _root(cards))


def _root(text: str) -> str:
    """A root as answers write it, from the letters that an address takes."""
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _broken() from None
    if len(raw) != 32:
        raise _broken()
    return base64.b64encode(raw).decode()


def _broken() -> NotFound:
    return NotFound((
        "Địa chỉ kiểm tra không còn nguyên vẹn; hãy quét lại mã trên giấy.",
        "The address of the check is not whole; scan the code on the paper again.",
    ))  # fmt: skip


async def _of_frozen(state: State, printed: Printed) -> tuple[Verdict, str | None]:
    async with state.reader.without_cards() as snapshot:
        found = [
            one for one in await editions(snapshot, printed.quarter, reviewer=False) if one.kind == printed.edition
        ]
    if not found:
        return "unpublished", None
    [one] = found
    same = (one.head.size, one.head.root, one.cards_root) == (printed.size, printed.root, printed.cards)
    return ("published" if same else "differs"), one.published_at


async def _of_live(state: State, printed: Printed) -> tuple[Verdict, str | None]:
    try:
        root = await state.log.signed(printed.size)
    except LogUnreachable as error:
        raise Unavailable(detail=(
            "Nhật ký chưa đọc được; hãy thử lại sau ít phút.",
            "The log cannot be read just now; try again in a few minutes.",
        )) from error  # fmt: skip
    if root is None:
        return "unknown", None
    return ("live" if base64.b64encode(root).decode() == printed.root else "differs"), None
