"""The explorer: the log at a glance, one entry in words, and how anyone checks it."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from services.audit import growth, scope
from services.audit.asked import LARGEST, UUID, Service
from services.audit.erasure import erasures_of
from services.audit.state import State
from services.audit.tree import Source, growth_of, queries
from services.audit.wording import Known, fields, part_words, type_words, units_named
from services.domain.codes import code_names
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import PUBLIC, Action
from services.kernel.log.note import Checkpoint
from services.kernel.problems import Invalid, NotFound, Problem, Unauthorized
from services.kernel.quarters import local_date, parse_instant
from services.kernel.store.db import snapshot
from services.kernel.web.pages import Pages, Reader, language_of

router = APIRouter()
pages = Pages(Path(__file__).parent)
_NUMBER = re.compile(r"[0-9]{1,19}|[0-9]{1,3}(?:[ .,][0-9]{3})+")  # also as people write thousands


class NoEntry(NotFound):
    """Không có mục này trong nhật ký, hoặc mục nằm ngoài phạm vi của tài khoản.

    There is no such entry in the log, or it lies outside the account's scope.
    """


class NoPlace(Invalid):
    """Hãy gõ số thứ tự của mục (ví dụ 812) hoặc mã sự kiện (ví dụ 01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02).

    Type the entry's number (such as 812) or the event id (such as 01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02).
    """


class SignInFirst(Unauthorized):
    """Nội dung của một mục chỉ hiện cho người đã đăng nhập và được đọc hồ sơ mà mục đó nói đến.

    An entry's content is shown to those who are signed in and may read the record that it is about.
    """


def install(app: FastAPI) -> None:
    """Add the pages and their assets."""
    pages.mount(app)
    app.include_router(router)


@router.get("/audit/", openapi_extra=PUBLIC, include_in_schema=False)
async def explorer(request: Request, service: Service) -> Response:
    """The newest checkpoint, the log's growth, its witnesses, and how to verify."""
    async with snapshot(service.pool) as connection:
        caller = await _caller(connection, request)
        row = await connection.fetchrow(queries.public_checkpoint)
        points = await growth_of(connection)
        witnesses = await connection.fetch(queries.witnesses)
    checkpoint = Checkpoint.parse(row["note"].rpartition("\n\n")[0] + "\n") if row else None
    return pages.render(
        request,
        "log.html",
        reader=_reader(caller, service),
        vkey=service.keys.vkey,
        checkpoint=checkpoint,
        root=base64.b64encode(checkpoint.root).decode() if checkpoint else None,
        age=int(row["age"]) if row else None,
        chart=growth.chart(points),
        frame=growth,
        witnesses=witnesses,
        trouble=service.leader.trouble,
        url=f"{str(request.base_url).rstrip('/')}/audit/",
    )


@router.get("/audit/entry", openapi_extra=PUBLIC, include_in_schema=False)
async def entry_page(request: Request, service: Service, at: str = "") -> Response:
    """One entry, by its index or event id, to whoever may read it; anyone else is told why not."""
    asked = at.strip()
    async with snapshot(service.pool) as connection:
        caller = await _caller(connection, request)
        reader = _reader(caller, service)
        try:
            row = await _entry(connection, caller, asked, service.clock.now())
        except Problem as problem:
            return _refusal(request, reader, asked, problem)
        shown = await _shown(connection, row)
    return pages.render(request, "entry.html", reader=reader, **shown)


async def _entry(source: Source, caller: Caller | None, asked: str, now: datetime) -> Any:
    """The entry's row, by the rule that serves its bytes."""
    if caller is None:
        raise SignInFirst
    caller.require(Action.ENTRY, now)
    row = await _find(source, asked)
    if row is None or not await scope.may_read(source, caller, row, now):
        raise NoEntry
    return row


async def _find(source: Source, asked: str) -> Any:
    if re.fullmatch(UUID, asked.lower()):
        return await source.fetchrow(queries.entry_by_id, asked.lower())
    if not _NUMBER.fullmatch(asked):
        raise NoPlace
    index = int(re.sub("[^0-9]", "", asked))
    return await source.fetchrow(queries.entry_by_index, index) if index <= LARGEST else None


async def _shown(source: Source, row: Any) -> dict[str, Any]:
    """What the page says of an entry."""
    event = json.loads(row["bytes"])
    erasures = await erasures_of(source, row)
    names = await _names(source, {row["unit"], *units_named(event["data"])}, event["time"])
    return {
        "index": row["idx"],
        "id": row["id"],
        "type": type_words(event["type"]),
        "unit": names.get(row["unit"], row["unit"]),
        "unitseq": row["unitseq"],
        "time": event["time"],
        "fields": fields(event["data"], Known(names, code_names(), row["id"])),
        "raw": row["bytes"].decode(),
        "erasures": [{"index": one.index, "parts": [part_words(part) for part in one.parts]} for one in erasures],
    }


async def _names(source: Source, units: set[str], time: str) -> dict[str, str]:
    """What units were called on the day of an entry; before their first day, what they were called then."""
    rows = await source.fetch(queries.unit_names, sorted(units), local_date(parse_instant(time)))
    return {row["unit"]: row["name"] for row in rows}


def _refusal(request: Request, reader: Reader | None, asked: str, problem: Problem) -> Response:
    here = f"{request.url.path}?{urlencode({'at': asked})}"
    sign_in = "/intake/login?" + urlencode({"next": here}) if problem.status == Unauthorized.status else None
    words = problem.title("en" if language_of(request) == "en" else "vi")
    return pages.render(
        request, "no_entry.html", reader=reader, status=problem.status, asked=asked, problem=words, sign_in=sign_in
    )


async def _caller(source: Source, request: Request) -> Caller | None:
    """Who looks, if anyone is signed in: the pages themselves are public."""
    try:
        return await authenticate(source, token_of(request))
    except Unauthorized:
        return None


def _reader(caller: Caller | None, service: State) -> Reader | None:
    return Reader.of(caller, service.clock.now()) if caller else None
