"""The desk's lists: inspections with their cases, by what they wait for, a page in one answer."""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
import orjson
from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.calendar import DaysLeft
from services.domain.case import Turn, turn
from services.domain.deadlines import Kind
from services.domain.remedy import Remedy
from services.intake.findings import endpoints as findings
from services.intake.findings.state import Finding
from services.intake.inspections import endpoints as inspections
from services.intake.reading.kept import KeptAnswers
from services.intake.reading.paging import FIRST, LAST, Cursor, Limit, Short
from services.intake.reading.reach import Reading, asking, reading
from services.intake.reading.searching import Sought, sought
from services.intake.writing.forms import is_write_id
from services.intake.writing.service import service_of
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import Language, invalid, language_of
from services.kernel.web.paging import bad_cursor, read_cursor, write_cursor

_PLACE = re.compile(r"-?(inf|\d{1,20}(\.\d{1,9})?)")
_NO_ANSWER = frozenset(
    {"finding.reminded", "remedy.reminded", "remedy.planned", "finding.answered", "photo.redacted"}
)  # as desk_waiting says
MOST = 100
"""As many are counted; there may be more."""
Listed = Literal[
    "todo", "following", "done", "waiting", "decision", "verification", "extension", "period", "handled", "second"
]
WhichList = Annotated[
    Listed,
    Query(
        alias="list",
        description="todo, following, done: of a unit's head, the soonest deadline first; waiting (of which decision,"
        " verification, extension), period, second: of a reviewer, the oldest first; handled, done: the newest first",
    ),
]
_OF_UNITS = frozenset({"todo", "following", "done"})
_REMEDIES = frozenset({"waiting", "verification", "extension"})
"""The lists that tell of remedies."""
_BEFORE_ALL = float("-inf")
OF_UNITS, WAITING = (
    findings.QUERIES.with_inspections.replace("(listed)", f"({listing.rstrip(';')})")
    for listing in (findings.QUERIES.desk_of_units, findings.QUERIES.desk_waiting)
)


def install(app: FastAPI) -> None:
    """Add the route."""
    app.get("/intake/v1/desk", response_class=JSONResponse, openapi_extra=allows(Action.READ_CASE))(desk)


async def desk(
    request: Request,
    listed: WhichList = "todo",
    inspection: Short = None,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = 10,
) -> Response:
    """Inspections with their cases, those of one list or one inspection alone; `total` counts at most 100."""
    asked, language = Listing(listed, inspection, q, cursor, limit), language_of(request.headers)
    service = service_of(request)
    kept = service.part(KeptAnswers)
    asks = await asking(request, service.pool, Action.READ_CASE, planned_once=True)
    answer = kept.known(asks, (asked, language))
    if answer is None:
        async with _reading(request, asked) as reader:
            body = orjson.dumps(await _page(reader, asked, language))
            answer = kept.keep(reader, (asked, language), body)
    return answer.response(request)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which cases are asked for."""

    listed: Listed
    inspection: str | None = None
    q: str | None = None
    cursor: str | None = None
    limit: int = 10


async def page(request: Request, asked: Listing, language: Language) -> dict[str, Any]:
    """A page of inspections with their cases, as the caller reads them, in words of a language."""
    async with _reading(request, asked) as reader:
        return await _page(reader, asked, language)


def _reading(request: Request, asked: Listing) -> AbstractAsyncContextManager[Reading]:
    if asked.inspection is not None and not is_write_id(asked.inspection):
        raise invalid("/inspection", "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")
    return reading(request, Action.READ_CASE, planned_once=True)


async def _page(reader: Reading, asked: Listing, language: Language) -> dict[str, Any]:
    if asked.inspection is not None:
        rows, total = await inspections.some(reader, [asked.inspection]), 1
    else:
        rows = await _rows(reader, asked)
        total = rows[0]["total"] if rows else 0
    items = await _laid_out(reader, rows, language)
    following = write_cursor(f"{rows[-1]['place']}|{rows[-1]['id']}") if total > asked.limit else None
    return {"items": items, "next": following, "total": total}


async def _rows(reader: Reading, asked: Listing) -> list[asyncpg.Record]:
    """The inspections of a page, each with its place in the list, and with how many follow, as far as is counted."""
    listed, cursor = asked.listed, asked.cursor
    if listed == "second":  # what one has read is on it no more
        reader.unheard()
    place, after = _after(cursor) if cursor is not None else (_BEFORE_ALL, LAST if listed == "handled" else FIRST)
    words = sought(asked.q, reader.directory, reader.service.catalogues)
    most = max(asked.limit + 1, MOST)
    told = (listed, most, place, after, reader.caller.account, *reader.reach(), words, asked.limit)
    if listed not in _OF_UNITS:
        blind = listed in _REMEDIES and await _blindfolded(reader)
        return list(await reader.connection.fetch(WAITING, *told, blind))
    if not any(reader.headed().columns()):  # others would tell by these lists what is still to be put right
        return []
    own = reader.own()
    units = own if listed == "todo" else list(reader.directory.versions)
    return list(await reader.connection.fetch(OF_UNITS, *told, own, units))


async def _blindfolded(reader: Reading) -> bool:
    """Whether a remedy waits for whoever judges it that the caller is to review blind: its decision is not told."""
    blind = any(one.role is Role.REVIEWER for one in reader.grants) and bool(
        await reader.connection.fetchval(findings.QUERIES.blindfolded, reader.caller.account)
    )
    if blind:  # until he has read it
        reader.unheard()
    return blind


def _after(cursor: str) -> tuple[float, str]:
    place, _, last = (read_cursor(cursor) or "").partition("|")
    if not (_PLACE.fullmatch(place) and is_write_id(last)):
        raise bad_cursor()
    return float(place), last


async def _laid_out(reader: Reading, rows: Sequence[asyncpg.Record], language: Language) -> list[dict[str, Any]]:
    """Inspections in their order, each with its cases."""
    left = reader.days_left()
    cases: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    for finding, shown in await findings.of_inspections(reader, list(cases), left, language):
        waits = _waits_for(finding)
        blindfold = "second-review" in shown["may"] and waits != "decision"
        shown["waits_for"] = None if blindfold else waits
        cases[finding.inspection].append(shown)
    return [_item(reader, row, cases[row["id"]], left) for row in rows]


def _waits_for(finding: Finding) -> str | None:
    """What whoever judges cases owes this one."""
    if turn(finding.severity, finding.state, finding.accepts, finding.released) is Turn.DECISION:
        return "decision"
    if finding.remedy in (Remedy.REPORTED, Remedy.DECLINED):
        return "verification"
    telling = [step.type for step in finding.steps if step.type not in _NO_ANSWER]
    asked = bool(telling) and telling[-1].endswith(".extension_requested")
    return "extension" if asked and any(finding.running(kind) for kind in Kind) else None


def _item(reader: Reading, row: asyncpg.Record, cases: list[dict[str, Any]], left: DaysLeft) -> dict[str, Any]:
    clocks = [clock for case in cases for clock in case["deadlines"] if clock["of"] != "appeal"]
    due = min((clock["due"] for clock in clocks if clock["state"] == "open"), default=None)
    return inspections.shown(row, reader, left) | {
        "own": reader.answers_for(row["unit"]),
        "due": due,
        "working_days_left": due and left(datetime.fromisoformat(due)),
        "age": left.since(row["closed_at"]),
        "findings": cases,
    }
