"""The minutes' routes: the content, the files, and the public pages by which a paper or a file is checked."""

import csv
import hashlib
import io
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg
import segno
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.intake.faces.shell import PAGES
from services.intake.minutes.content import (
    Closed,
    Member,
    Noted,
    content,
    content_hash,
    figures,
    first_content,
    found,
    units_edition,
)
from services.intake.minutes.files import DOCX, PDF, as_file
from services.intake.minutes.wording import Office, paper
from services.intake.reading.reads import Reading, Reason, private_of, privates_of, reading_of
from services.intake.writing.forms import is_write_id
from services.intake.writing.loading import QUERIES
from services.intake.writing.refusals import WrongState
from services.intake.writing.service import Service, service_of
from services.intake.writing.world import is_lost
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import PUBLIC, Action, Role, allows
from services.kernel.problems import NotFound, invalid
from services.kernel.quarters import local_date, rfc3339
from services.kernel.strict_json import clean_text, is_blank
from services.kernel.web.downloads import attachment, csv_cell, file_name
from services.kernel.web.pages import Reader

_ODK = (
    "event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value", "user",
    "change-reason",
)  # fmt: skip
_UNKNOWN = "(không rõ: tên đã mất khi khôi phục dữ liệu)"
_HASH = re.compile("[0-9a-f]{64}")
_KINDS = {"pdf": PDF, "docx": DOCX}


def install(app: FastAPI) -> None:
    """Add the routes."""
    base = "/intake/v1/inspections/{id}/minutes"
    app.get(base, response_class=JSONResponse, openapi_extra=allows(Action.READ_CASE))(show)
    for kind, media in _KINDS.items():
        described: dict[int | str, dict[str, Any]] = {200: {"content": {media: {"schema": {"type": "string"}}}}}
        app.get(
            f"{base}.{kind}", response_class=Response, responses=described, openapi_extra=allows(Action.READ_CASE),
            operation_id=f"get_minutes_{kind}",
        )(_giving(kind))  # fmt: skip
    app.get(
        "/intake/v1/inspections/{id}/fill.csv", response_class=Response, openapi_extra=allows(Action.READ_CASE),
        responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    )(fill_audit)  # fmt: skip
    app.get("/intake/v1/minutes/{sha256}", response_class=JSONResponse, openapi_extra=PUBLIC)(check_file)
    app.get("/intake/minutes/{inspection}/{content}", include_in_schema=False, openapi_extra=PUBLIC)(check_paper)
    app.get("/intake/units/{unit}/qr", include_in_schema=False, openapi_extra=allows(Action.SIGNED_IN))(unit_code)


async def show(request: Request, id: str, reason: Reason) -> Response:
    """The minutes as data, with their hash."""
    _, edition, issued = await _open(request, id, reason)
    return JSONResponse(edition | {"content_sha256": issued})


def _giving(kind: str) -> Any:
    async def give(request: Request, id: str, reason: Reason) -> Response:
        """The minutes as a file, noted by its hash before it is given out."""
        service, edition, issued = await _open(request, id, reason)
        address = f"{_site(request)}intake/minutes/{id}/{issued}"
        settings = service.settings
        raw = await as_file(paper(edition, Office(settings.department, settings.seat), issued, address), kind)
        digest = hashlib.sha256(raw).hexdigest()
        await service.pool.execute(QUERIES.note_minutes_file, digest, issued, kind, len(raw), service.clock.now())
        # a crash here leaves the hash of a file that nobody was given
        headers = {
            "Content-Disposition": attachment(_file_name(edition, kind), f"bien-ban-{id}.{kind}"),
            "Cache-Control": "no-store", "X-Content-SHA256": digest,
        }  # fmt: skip
        return Response(raw, media_type=_KINDS[kind], headers=headers)

    return give


async def fill_audit(request: Request, id: str, reason: Reason) -> Response:
    """How the form was filled in, in ODK's columns; free text is told by its length. Not for the unit."""
    service, reading, role, row = await _reach(request, id, reason, "fill")
    if role is Role.UNIT_HEAD or reading.heads(row["unit"]):
        raise NotFound
    rows = (await private_of(service, row["closing"])).get("fill") or []
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_ODK)
    for one in rows:
        known = {**one, "old-value": one["old"], "new-value": one["new"]}
        table.writerow([csv_cell(known.get(name, "")) for name in _ODK])
    headers = {"Content-Disposition": f'attachment; filename="fill-{id}.csv"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _file_name(edition: Mapping[str, Any], kind: str) -> str:
    """As an office files it: `BB 401-BB-ĐKT UBND xã Tân Hòa 2026-11-30.pdf`."""
    words = edition["private"].get("minutes") or {}
    return file_name("BB", words.get("number"), edition["unit_name"], edition["closed_at"][:10], kind=kind)


async def _open(request: Request, id: str, reason: str | None) -> tuple[Service, dict[str, Any], str]:
    """The minutes as the caller may read them, and the hash of their full edition."""
    service, reading, role, row = await _reach(request, id, reason, "minutes")
    closed = await _closed(service, reading, row)
    issued = await _issue(service, closed)
    said = content(closed)
    return service, units_edition(said) if role is Role.UNIT_HEAD else said, issued


async def _reach(
    request: Request, id: str, reason: str | None, part: str
) -> tuple[Service, Reading, Role, asyncpg.Record]:
    """A closed inspection that the caller may read, and as whom; the reading is logged."""
    service, reading = await reading_of(request)
    row = await service.pool.fetchrow(QUERIES.one_inspection, id, True, []) if is_write_id(id) else None
    role = None if row is None else reading.role(row["unit"], row["team"])
    if row is None or role is None:
        raise NotFound
    if row["closing"] is None:
        raise WrongState(("Cuộc kiểm tra chưa kết thúc nên chưa có biên bản.", "Still open: there are no minutes yet."))
    if role is Role.AUDITOR and is_blank(reason or ""):
        raise invalid("/reason", "hãy nêu lý do xem biên bản", "say why the minutes are opened")
    now = service.clock.now()
    noted = (reading.caller.account, role, id, reason and clean_text(reason), now, part)
    await service.pool.execute(QUERIES.note_minutes_read, *noted)
    # a crash here leaves a reading noted that nobody saw: never the other way round
    return service, reading, role, row


async def _closed(service: Service, reading: Reading, row: asyncpg.Record) -> Closed:
    members = await service.pool.fetch(QUERIES.team_members, row["team"], row["opened_at"])
    rows = await service.pool.fetch(QUERIES.minutes_findings, row["id"])
    private = await privates_of(service, [row["closing"], *(one["id"] for one in rows)])
    day, unit = local_date(row["opened_at"]), row["unit"]
    version = reading.directory.version(unit, day)
    return Closed(
        inspection=row["id"], closing=row["closing"], unit_name=version.name if version else unit, kind=row["kind"],
        basis=row["basis"], opened_at=row["opened_at"], closed_at=row["closed_at"], roll=json.loads(row["roll"]),
        impartial=row["impartial"],
        members=[Member(one["display_name"] or one["account"], one["leads"]) for one in members]
        + [Member(_UNKNOWN, False) for account in row["team"] if is_lost(account)],
        findings=_noted(service, rows, row["catalogue"], private), private=private[row["closing"]],
        reply_due=row["reply_due"], parent_name=reading.directory.above_namesake(unit, day),
    )  # fmt: skip


def _noted(
    service: Service, rows: list[asyncpg.Record], catalogue: str, private: Mapping[str, Mapping[str, Any]]
) -> list[Noted]:
    codes = next(one for one in service.catalogues if one.version == catalogue).codes
    return [
        Noted(
            code=one["code"], name=codes[one["code"]].name_vi, severity=one["severity"], count=one["count"],
            photos=one["photos"], withdrawn=one["state"] == "withdrawn", added=one["added"], at=one["captured_at"],
            narrative=private.get(one["id"], {}).get("narrative", ""),
        )
        for one in rows
    ]  # fmt: skip


async def _issue(service: Service, closed: Closed) -> str:
    """The hash of this edition: that of one that says the same, or else a new one under a new salt."""
    said = content(closed)
    async with service.pool.acquire() as connection, connection.transaction():
        await connection.execute(QUERIES.lock_inspection, closed.inspection)
        standing = await connection.fetch(QUERIES.standing_minutes, closed.inspection)
        for one in standing:
            if content_hash(said, one["salt"]) == one["content"]:
                return str(one["content"])
        first, salt = first_content(closed), secrets.token_bytes(32)
        true = [one["content"] for one in standing if content_hash(first, one["salt"]) == one["content"]]
        issued = content_hash(said, salt)
        shown = json.dumps(figures(closed), ensure_ascii=False)
        made = (issued, closed.inspection, salt, shown, service.clock.now(), true)
        await connection.execute(QUERIES.issue_minutes, *made)
        # a crash here leaves the earlier edition as the newest
    return issued


def _site(request: Request) -> str:
    """Where people reach this site, with a slash."""
    configured = service_of(request).settings.public_url
    return f"{configured.rstrip('/')}/" if configured else str(request.base_url)


async def check_file(request: Request, sha256: str) -> Response:
    """Whether a file of these bytes was given out as minutes; to anybody, for the hash tells nothing else."""
    if not _HASH.fullmatch(sha256):
        raise invalid("/sha256", "phải là 64 chữ số hex của SHA-256", "must be the 64 hex digits of a SHA-256")
    service = service_of(request)
    row = await service.pool.fetchrow(QUERIES.minutes_file, sha256)
    if row is None:
        return JSONResponse({"match": False})
    current = await _stands(service, await service.pool.fetchrow(QUERIES.minutes_issue, row["content"]))
    shown = {"match": True, "kind": row["kind"], "issued_at": rfc3339(row["issued_at"]), "current": current}
    return JSONResponse(shown | {"content_sha256": row["content"]})


async def check_paper(request: Request, inspection: str, content: str) -> Response:
    """The page behind a paper's code: match, an earlier edition, or no match; whoever holds the hash may look."""
    service = service_of(request)
    row = await service.pool.fetchrow(QUERIES.minutes_issue, content) if _HASH.fullmatch(content) else None
    if row is None or row["inspection"] != inspection:
        return PAGES.render(request, "minutes.html", status=404, verdict="mismatch", figures=None, issue=None)
    verdict = "match" if await _stands(service, row) else "earlier"
    return PAGES.render(request, "minutes.html", verdict=verdict, figures=json.loads(row["figures"]), issue=row)


async def _stands(service: Service, issue: asyncpg.Record) -> bool:
    """Whether an edition still says what the inspection says now: of a paper and of a file alike."""
    if issue["salt"] is None:
        return False
    rows = await service.pool.fetch(QUERIES.minutes_findings, issue["inspection"])
    now = found(_noted(service, rows, issue["catalogue"], {}))
    return bool(now == json.loads(issue["figures"])["findings"])


async def unit_code(request: Request, unit: str) -> Response:
    """A page to print and hang up: the unit's code opens the form with the unit chosen."""
    service = service_of(request)
    now = service.clock.now()
    reader = Reader.of(await authenticate(service.pool, token_of(request)), now)
    async with service.pool.acquire() as connection:
        directory = await service.writes.directory.current(connection)
    version = directory.version(unit, local_date(now))
    if version is None:
        raise NotFound
    address = f"{_site(request)}intake/?unit={unit}"
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    code = out.getvalue().decode()
    return PAGES.render(request, "unit_qr.html", reader=reader, name=version.name, address=address, code=code)
