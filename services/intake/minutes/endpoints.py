"""The minutes' routes: the content, the files, and the public pages by which a paper or a file is checked."""

import asyncio
import csv
import hashlib
import io
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.domain.case import State
from services.intake.faces.shell import PAGES
from services.intake.inspections.endpoints import known
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
from services.intake.minutes.wording import Office, paper
from services.intake.reading.private import Reason, note_reading, private_of, privates_of
from services.intake.reading.reach import Reading, reading
from services.intake.writing.refusals import WrongState
from services.intake.writing.service import Service, service_of
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import PUBLIC, Action, Role, allows
from services.kernel.problems import NotFound, invalid
from services.kernel.quarters import local_date, rfc3339
from services.kernel.store.db import Connection, snapshot
from services.kernel.store.sql import load_queries
from services.kernel.strict_json import is_blank
from services.kernel.web.downloads import attachment, csv_cell, file_name
from services.kernel.web.pages import Reader
from services.kernel.web.site import site_asked

_ODK = (
    "event", "node", "start", "end", "latitude", "longitude", "accuracy", "old-value", "new-value", "user",
    "change-reason",
)  # fmt: skip
_UNKNOWN = "(không rõ: tên đã mất khi khôi phục dữ liệu)"
_HASH = re.compile("[0-9a-f]{64}")
_sql = load_queries(Path(__file__).with_name("queries.sql"))
_KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


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
        as_file = await asyncio.to_thread(_typesetter)
        raw = await as_file(paper(edition, Office(settings.department, settings.seat), issued, address), kind)
        digest = hashlib.sha256(raw).hexdigest()
        await service.pool.execute(_sql.note_minutes_file, digest, issued, kind, len(raw), service.clock.now())
        # a crash here leaves the hash of a file that nobody was given
        headers = {
            "Content-Disposition": attachment(_file_name(edition, kind), f"bien-ban-{id}.{kind}"),
            "Cache-Control": "no-store", "X-Content-SHA256": digest,
        }  # fmt: skip
        return Response(raw, media_type=_KINDS[kind], headers=headers)

    return give


async def fill_audit(request: Request, id: str, reason: Reason) -> Response:
    """How the form was filled in, in ODK's columns; free text is told by its length. Not for the unit."""
    async with reading(request, Action.READ_CASE) as reader:
        row, role = await _closed_one(reader, id, reason)
        if role is Role.UNIT_HEAD or reader.heads(row["unit"]):
            raise NotFound
        rows = (await private_of(reader, row["closing"])).get("fill") or []
    await note_reading(reader, role, inspection=id, part="fill", reason=reason)
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
    async with reading(request, Action.READ_CASE) as reader:
        row, role = await _closed_one(reader, id, reason)
        closed = await _closed(reader, row)
    await note_reading(reader, role, inspection=id, part="minutes", reason=reason)
    issued = await _issue(reader.service, closed)
    said = content(closed)
    return reader.service, units_edition(said) if role is Role.UNIT_HEAD else said, issued


async def _closed_one(reader: Reading, id: str, reason: str | None) -> tuple[asyncpg.Record, Role]:
    """A closed inspection that the caller may read, and as whom."""
    row, role = await known(reader, id)
    if row["closing"] is None:
        raise WrongState(("Cuộc kiểm tra chưa kết thúc nên chưa có biên bản.", "Still open: there are no minutes yet."))
    if role is Role.AUDITOR and is_blank(reason or ""):
        raise invalid("/reason", "hãy nêu lý do xem biên bản", "say why the minutes are opened")
    return row, role


async def _closed(reader: Reading, row: asyncpg.Record) -> Closed:
    members = await reader.connection.fetch(_sql.team_members, row["team"], row["opened_at"])
    rows = await reader.connection.fetch(_sql.minutes_findings, row["id"])
    private = await privates_of(reader, [row["closing"], *(one["id"] for one in rows)])
    day, unit = local_date(row["opened_at"]), row["unit"]
    version = reader.directory.version(unit, day)
    return Closed(
        inspection=row["id"], closing=row["closing"], unit_name=version.name if version else unit, kind=row["kind"],
        basis=row["basis"], opened_at=row["opened_at"], closed_at=row["closed_at"], roll=json.loads(row["roll"]),
        impartial=row["impartial"],
        members=[Member(one["display_name"] or one["account"], one["leads"]) for one in members]
        + [Member(_UNKNOWN, False) for account in row["team"] if is_lost(account)],
        findings=_noted(reader.service, rows, row["catalogue"], private), private=private[row["closing"]],
        reply_due=row["reply_due"], parent_name=reader.directory.above_namesake(unit, day),
    )  # fmt: skip


def _noted(
    service: Service, rows: list[asyncpg.Record], catalogue: str, private: Mapping[str, Mapping[str, Any]]
) -> list[Noted]:
    codes = next(one for one in service.catalogues if one.version == catalogue).codes
    return [
        Noted(
            code=one["code"], name=codes[one["code"]].name_vi, severity=one["severity"], count=one["count"],
            photos=one["photos"], withdrawn=one["state"] == State.WITHDRAWN, added=one["added"], at=one["captured_at"],
            narrative=private.get(one["id"], {}).get("narrative", ""),
        )
        for one in rows
    ]  # fmt: skip


async def _issue(service: Service, closed: Closed) -> str:
    """The hash of this edition: that of one that says the same, or else a new one under a new salt."""
    said = content(closed)
    async with service.pool.acquire() as connection, connection.transaction():
        await connection.execute(_sql.lock_inspection, closed.inspection)
        standing = await connection.fetch(_sql.standing_minutes, closed.inspection)
        for one in standing:
            if content_hash(said, one["salt"]) == one["content"]:
                return str(one["content"])
        first, salt = first_content(closed), secrets.token_bytes(32)
        true = [one["content"] for one in standing if content_hash(first, one["salt"]) == one["content"]]
        issued = content_hash(said, salt)
        shown = json.dumps(figures(closed), ensure_ascii=False)
        made = (issued, closed.inspection, salt, shown, service.clock.now(), true)
        await connection.execute(_sql.issue_minutes, *made)
        # a crash here leaves the earlier edition as the newest
    return issued


def _site(request: Request) -> str:
    """Where people reach this site, with a slash."""
    configured = service_of(request).settings.public_url
    return f"{configured.rstrip('/')}/" if configured else site_asked(request)


async def check_file(request: Request, sha256: str) -> Response:
    """Whether a file of these bytes was given out as minutes; to anybody, for the hash tells nothing else."""
    if not _HASH.fullmatch(sha256):
        raise invalid("/sha256", "phải là 64 chữ số hex của SHA-256", "must be the 64 hex digits of a SHA-256")
    service = service_of(request)
    async with snapshot(service.pool) as connection:
        row = await connection.fetchrow(_sql.minutes_file, sha256)
        if row is None:
            return JSONResponse({"match": False})
        issue = await connection.fetchrow(_sql.minutes_issue, row["content"])
        current = await _stands(service, connection, issue)
    shown = {"match": True, "kind": row["kind"], "issued_at": rfc3339(row["issued_at"]), "current": current}
    return JSONResponse(shown | {"content_sha256": row["content"]})


async def check_paper(request: Request, inspection: str, content: str) -> Response:
    """The page behind a paper's code: match, an earlier edition, or no match; whoever holds the hash may look."""
    service = service_of(request)
    async with snapshot(service.pool) as connection:
        row = await connection.fetchrow(_sql.minutes_issue, content) if _HASH.fullmatch(content) else None
        stands = row is not None and row["inspection"] == inspection and await _stands(service, connection, row)
    if row is None or row["inspection"] != inspection:
        return PAGES.render(request, "minutes.html", status=404, verdict="mismatch", figures=None, issue=None)
    verdict = "match" if stands else "earlier"
    return PAGES.render(request, "minutes.html", verdict=verdict, figures=json.loads(row["figures"]), issue=row)


async def _stands(service: Service, connection: Connection, issue: asyncpg.Record) -> bool:
    """Whether an edition still says what the inspection says now: of a paper and of a file alike."""
    if issue["salt"] is None or issue["overtaken"]:
        return False
    rows = await connection.fetch(_sql.minutes_findings, issue["inspection"])
    now = found(_noted(service, rows, issue["catalogue"], {}))
    return bool(now == json.loads(issue["figures"])["findings"])


def _typesetter() -> Callable[[Mapping[str, Any], str], Awaitable[bytes]]:
    # the libraries that set type and draw take 8 MB and a fifth of a start, and most days nobody asks for minutes
    from services.intake.minutes.files import as_file

    return as_file


async def unit_code(request: Request, unit: str) -> Response:
    """A page to print and hang up: the unit's code opens the form with the unit chosen."""
    import segno

    async with reading(request, Action.SIGNED_IN) as reader:
        version = reader.directory.version(unit, local_date(reader.now))
    if version is None:
        raise NotFound
    address = f"{_site(request)}intake/?unit={unit}"
    out = io.BytesIO()
    segno.make(address, error="q", micro=False).save(out, kind="svg", border=4, xmldecl=False, omitsize=True)
    code = out.getvalue().decode()
    shown = Reader.of(reader.caller, reader.now)
    return PAGES.render(request, "unit_qr.html", reader=shown, name=version.name, address=address, code=code)
