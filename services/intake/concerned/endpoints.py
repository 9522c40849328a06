"""What the person concerned sees by the secret of a link, and answers: without sign-in, and nothing by a wrong one."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import parse_qs

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.domain.words import ROLES, Words, case_label, headed
from services.intake.concerned.forms import Answer
from services.intake.concerned.store import QUERIES, hashed
from services.intake.faces.shell import PAGES
from services.intake.people.patience import Patience
from services.intake.reading.private import note_opening
from services.intake.vault.sealing import Sealed
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.events import Numbers, system_event
from services.intake.writing.forms import read_form
from services.intake.writing.service import Service, service_of
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import derived_id
from services.kernel.identity.roles import PUBLIC
from services.kernel.problems import FieldError, Invalid, Language, NotFound, Problem, TooFast, TooLarge
from services.kernel.quarters import local_date, rfc3339
from services.kernel.store.db import TRANSIENT, Connection, transaction
from services.kernel.strict_json import parse
from services.kernel.web import pages
from services.kernel.web.addresses import counted
from services.kernel.web.app import read_body
from services.kernel.web.plain import PLAIN, media_type, written
from services.kernel.web.rendering import as_problem

_CONCERNED = "concerned"
_MAX_BODY = 64 * 1024
_MOST_READ = 16 * _MAX_BODY  # who is still sending hears nothing; what is over is thrown away
_PATH = "/intake/concerned/{secret}"
_FAILURES: tuple[type[Exception], ...] = (Problem, *cast(tuple[type[Exception], ...], TRANSIENT))
_guessing = Patience()


class NoSuchLink(NotFound):
    """Liên kết không đúng, đã được trả lời, đã bị thu hồi hoặc đã hết hạn. Hãy hỏi người đã gửi liên kết cho bạn.

    The link is wrong, answered, ended or out of date. Ask whoever sent it to you.
    """


def install(app: FastAPI) -> None:
    """Add the routes."""
    app.get(_PATH, include_in_schema=False, openapi_extra=PUBLIC)(read)
    app.post(_PATH, include_in_schema=False, openapi_extra=PUBLIC)(answer)


async def read(request: Request, secret: str) -> Response:
    """The finding and who has opened it: as a page, or as JSON to whom asks for that; the reading is logged."""
    service, language = service_of(request), _language(request)
    async with transaction(service.pool) as connection:
        link = await _link(request, connection, secret)
        shown = await _shown(connection, service, link, language)
        await note_opening(connection, _CONCERNED, _CONCERNED, service.clock.now(), finding=link["id"])
    return _answered(request, shown)


async def answer(request: Request, secret: str) -> Response:
    """The one answer; the link is spent by it."""
    if media_type(request) == PLAIN:
        return await _plainly(request, secret)
    form = read_form(Answer, parse(await read_body(request, _MAX_BODY)))
    if not isinstance(form, Answer):
        raise Invalid(errors=form) if isinstance(form, list) else NotFound
    told = await _take(request, secret, form)
    return JSONResponse(told, 201, headers={"content-language": _language(request)})


async def _take(request: Request, secret: str, form: Answer) -> dict[str, Any]:
    service = service_of(request)
    service.require_writable()
    async with transaction(service.pool) as connection:
        link = await _link(request, connection, secret)
        event = await _store(connection, service, link, form.text)
        # a crash here leaves the link unspent and nothing answered; the person sends it again
    service.wake()
    return {"finding": link["id"], "state": "answered", "receipt": f"/audit/v1/receipts/{event}"}


async def _plainly(request: Request, secret: str) -> Response:
    """The answer of a form: whatever becomes of it, what was typed is shown again."""
    typed, again, whole = await _typed(request)
    try:
        if again:
            return await _asked_again(request, service_of(request), secret, typed, [], status=200)
        if not whole:
            raise TooLarge
        form = read_form(Answer, {"text": typed})
        if isinstance(form, list):
            return await _asked_again(request, service_of(request), secret, typed, form)
        await _take(request, secret, cast(Answer, form))
    except _FAILURES as error:
        return _unsent(request, typed, as_problem(error))
    return PAGES.render(request, "concerned.html", done=True)


def _unsent(request: Request, typed: str, problem: Problem) -> Response:
    """What was typed, and why it was not taken: by a link that is wrong or over, no more than that it is."""
    told = problem.body(_language(request), request.url.path)
    page = PAGES.render(request, "concerned_unsent.html", status=problem.status, problem=told, typed=typed)
    page.headers.update(problem.headers)
    return page


async def _typed(request: Request) -> tuple[str, bool, bool]:
    """What was written into the plain form, as far as it is read; if it is but to be drawn anew; and if that is all."""
    raw, size = bytearray(), 0
    async for part in request.stream():
        raw += part[: max(0, _MAX_BODY - size)]
        size += len(part)
        if size > _MOST_READ:
            break
    said = parse_qs(raw.decode(errors="replace"), max_num_fields=None)
    return written(said.get("text", [""])[0]), "again" in said, size <= _MAX_BODY


async def _asked_again(
    request: Request, service: Service, secret: str, typed: str, errors: Sequence[FieldError], status: int = 422
) -> Response:  # fmt: skip
    """The page with what was typed, and why it was not taken."""
    async with transaction(service.pool) as connection:
        link = await _link(request, connection, secret)
        shown = await _shown(connection, service, link, _language(request))
        await note_opening(connection, _CONCERNED, _CONCERNED, service.clock.now(), finding=link["id"])
    return _page(request, shown, typed=typed, wrong=[(one.vi, one.en) for one in errors], status=status)


async def _link(request: Request, connection: Connection, secret: str) -> asyncpg.Record:
    """The link of a secret; NoSuchLink alike for any that is wrong or over, TooFast to who keeps guessing."""
    address = counted(request.client.host if request.client else None)
    keys = [("address", address)]
    if (wait := _guessing.wait(keys)) > 0:
        raise TooFast(math.ceil(wait))
    today = local_date(service_of(request).clock.now())
    row = await connection.fetchrow(QUERIES.link_by_secret, hashed(secret), today)
    if row is None:
        _guessing.count(keys)
        raise NoSuchLink
    return row


async def _shown(
    connection: Connection, service: Service, link: Mapping[str, Any], language: Language
) -> dict[str, Any]:  # fmt: skip
    directory = await service.directory(connection)
    code = next(one for one in service.catalogues if one.version == link["catalogue"]).codes[link["code"]]
    where = (link["severity"], link["state"], link["accepts"], link["outcome"])
    return {
        "finding": link["id"], "unit_name": directory.label(link["unit"], local_date(link["captured_at"])),
        "code": link["code"], "name": code.name_en if language == "en" else code.name_vi, "count": link["count"],
        "captured_at": rfc3339(link["captured_at"]), "state_label": case_label(*where, language),
        "narrative": await _narrative(connection, service, link["id"]), "expires": link["expires"].isoformat(),
        "opened": [
            {"role": row["role"], "label": _label(row["role"], language), "at": rfc3339(row["at"])}
            for row in await connection.fetch(QUERIES.readers, link["id"])
        ],
    }  # fmt: skip


def _label(role: str, language: Language) -> str:
    words = ROLES.get(role, ("người có liên quan", "the person concerned"))
    return headed(words)[language == "en"]


async def _narrative(connection: Connection, service: Service, finding: str) -> str | None:
    """The words that stand, unless erased or lost; the names of others are not told."""
    corrections = [row["event"] for row in await connection.fetch(QUERIES.corrections, finding)]
    rows = await connection.fetch(VAULT.parts, [finding, *corrections])
    said = {row["event_id"]: row for row in rows if row["grp"] == "narrative"}
    newest = next((said[event] for event in (*reversed(corrections), finding) if event in said), None)
    if newest is None or newest["wrapped_key"] is None:
        return None
    sealed = Sealed(newest["event_id"], "narrative", newest["wrapped_key"], newest["sealed"])
    return service.vault.open(sealed)[1].decode()


async def _store(connection: Connection, service: Service, link: Mapping[str, Any], text: str) -> str:
    """The answer's event, which names nobody, and its words, sealed; NoSuchLink when another was just faster."""
    numbers, now = Numbers(await lock_units(connection, {link["unit"]})), service.clock.now()
    event = derived_id(link["link"], Answer.EVENT, 1)
    if await connection.fetchval(QUERIES.spend_link, link["link"], event) is None:
        raise NoSuchLink
    sealed, commitment = service.vault.seal(event, "text", text.encode())
    data = {
        "by": {"role": _CONCERNED}, "finding": link["id"], "inspection": link["inspection"],
        "commitments": {"text": commitment.hex()},
    }  # fmt: skip
    told = system_event(
        service.settings.source, event, Answer.EVENT, f"finding/{link['id']}", now, link["unit"],
        numbers.next(link["unit"]), data,
    )  # fmt: skip
    await store_writes(connection, [], [told], numbers, now, [sealed])
    await connection.execute(QUERIES.add_step, link["id"], event, now)
    return event


def _language(request: Request) -> Language:
    return cast(Language, pages.language_of(request))


def _answered(request: Request, shown: dict[str, Any]) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return _page(request, shown)
    return _kept_private(Response(json.dumps(shown, ensure_ascii=False), media_type="application/json"))


def _page(
    request: Request, shown: dict[str, Any], *, typed: str = "", wrong: Sequence[Words] = (), status: int = 200
) -> Response:  # fmt: skip
    page = PAGES.render(request, "concerned.html", done=False, typed=typed, wrong=wrong, status=status, **shown)
    return _kept_private(page)


def _kept_private(answer: Response) -> Response:
    answer.headers["cache-control"] = "no-store"
    answer.headers["referrer-policy"] = "no-referrer"
    return answer
