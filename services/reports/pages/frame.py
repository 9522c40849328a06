"""What every page of reports shares: who may open it, its words, and how a refusal looks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.domain.codes import code_names, group_names
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.paper.sheet import day_in_words
from services.kernel.problems import NotFound, Problem, Unauthorized
from services.kernel.quarters import local_date, quarters_until
from services.kernel.web import pages
from services.reports.fold.live_cards import Unrenderable
from services.reports.pages.choice import Choice
from services.reports.pages.wording import (
    BAND_TAGS,
    CARD_FIELDS,
    EDITION_NAMES,
    GROUPS_OF_UNITS,
    PEERS,
    STANDING_MARKS,
    STANDING_TAGS,
    STANDINGS,
)
from services.reports.reading import access
from services.reports.reading.listing import LIVE
from services.reports.reading.named import check_quarter, is_quarter
from services.reports.reading.snapshot import Snapshot
from services.reports.reading.state import State, state_of
from services.reports.scoring.method import BAND_LABELS

PAGES = pages.Pages(Path(__file__).parents[1])
Page = Callable[[Request, State, Caller], Awaitable[Response]]
PerRequest = Callable[[Request], Awaitable[Response]]


def signed_in(page: Page) -> PerRequest:
    """Ask whoever is not signed in to do so; say on a page what is refused."""

    @wraps(page)
    async def handle(request: Request) -> Response:
        state = state_of(request)
        try:
            caller = await authenticate(state.pool, token_of(request))
        except Unauthorized:
            return pages.to_sign_in(request)
        try:
            return await page(request, state, caller)
        except Problem as problem:
            return _refused(request, state, caller, problem)

    del handle.__wrapped__  # FastAPI would read the page's own parameters
    handle.__annotations__ = {"request": Request, "return": Response}
    return handle


def _refused(request: Request, state: State, caller: Caller, problem: Problem) -> Response:
    now = state.clock.now()
    choice = Choice.of(request, local_date(now))
    # an edition that cannot be opened still has its quarter's live cards
    closed = choice.edition != LIVE and problem.status == NotFound.status
    live = choice.query(edition=LIVE) if closed and caller.grants_for(Action.LIVE_CARDS, now) else None
    reader = pages.Reader.of(caller, now)
    return PAGES.refusal(request, problem, reader=reader, template="refused.html", live=live, choice=choice)


def opened(
    state: State, caller: Caller, choice: Choice, back: int = 1, *, beside: str | None = None
) -> AbstractAsyncContextManager[Snapshot]:
    """What a page is read from: of live cards those of the quarters it shows are rendered, of a frozen edition none.

    Those are so many quarters up to the chosen one, and one beside it if it names a quarter; NotFound or Forbidden
    before anything is rendered.
    """
    if choice.edition != LIVE:
        return state.reader.without_cards()
    access.live_scope(caller, state.clock.now())
    check_quarter(choice.quarter)
    shown = [*quarters_until(choice.quarter, back), *([beside] if beside else ())]
    return state.reader.snapshot(list(filter(is_quarter, shown)))


@asynccontextmanager
async def opened_with_past(
    state: State, caller: Caller, choice: Choice, back: int = 1, unit: str | None = None, *, beside: str | None = None
) -> AsyncIterator[tuple[Snapshot, Unrenderable | None]]:
    """What a page is read from that shows a quarter, or a unit's card in it, and around it what can be shown.

    Beside the snapshot, which card keeps what stands around away; Unrenderable if it is the page's own.
    """
    async with AsyncExitStack() as stack:
        try:
            around = opened(state, caller, choice, back, beside=beside)
            snapshot, missing = await stack.enter_async_context(around), None
        except Unrenderable as fault:
            snapshot = await stack.enter_async_context(state.reader.snapshot([choice.quarter], unit))
            missing = fault
        yield snapshot, missing


def render(
    request: Request, state: State, caller: Caller, template: str, *, status: int = 200, **context: Any
) -> Response:
    """A page in the reader's language, with the words that all pages use."""
    reader = pages.Reader.of(caller, state.clock.now())
    shared: dict[str, Any] = {"band_labels": BAND_LABELS, "band_tags": BAND_TAGS, "unit_groups": GROUPS_OF_UNITS}
    shared |= {
        "editions": EDITION_NAMES,
        "card_fields": CARD_FIELDS,
        "department": state.settings.department,
        "seat": state.settings.seat,
        "dated": day_in_words(local_date(state.clock.now())),
        "peer_groups": PEERS,
        "standings": STANDINGS,
        "standing_tags": STANDING_TAGS,
        "standing_marks": STANDING_MARKS,
        "code_names": code_names(),
        "group_names": group_names(),
    }
    return PAGES.render(request, template, reader=reader, status=status, **shared, **context)
