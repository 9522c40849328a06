"""Lists and cards as files: who may take what away, told to the log first where it is not published."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.domain.codes import code_names, group_names
from services.domain.words import edition_words
from services.kernel.feed.client import LogUnreachable
from services.kernel.feed.entries import LogDiffers
from services.kernel.identity.authentication import token_of
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action
from services.kernel.problems import NotFound, Problem, Unavailable, invalid
from services.kernel.quarters import parse_instant, quarter_name
from services.kernel.web.downloads import attachment, file_name
from services.kernel.web.negotiation import unchanged
from services.kernel.web.site import site_asked
from services.reports.exports.source import Office, Source
from services.reports.facts.facts import Unfoldable
from services.reports.reading.listing import Listing
from services.reports.reading.state import State
from services.reports.reading.taken import GOOD_FOR

Dialect = Annotated[Literal["excel-vi"] | None, Query(description="of CSV alone")]
Told = Annotated[
    str | None, Query(max_length=36, description="the id under which this export was told to the log, if it has to be")
]
ListFormat = Literal["json", "csv", "xlsx", "pdf", "docx", "package"]
CardFormat = Literal["json", "csv", "xlsx", "pdf", "docx"]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "package": "application/zip",
}
CONTENT: dict[str, Any] = {media.split(";")[0]: {} for media in MEDIA.values()}
EVENT = "kycuong.data.exported.v1"
_ENDS = {"package": "zip"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LIBRARIES = ("xlsxwriter", "typst", "python-docx", "segno")
_PATIENCE = 8.0  # seconds until an export that was just told stands in the log
_CHUNK = 64 * 1024  # bytes
_one_at_a_time = asyncio.Semaphore(1)


class ExportUntold(Problem):
    """Dữ liệu chưa công bố chỉ được tải thành tệp sau khi lần tải đã được ghi vào nhật ký.

    What is not published leaves as a file only after the log was told of it.
    """

    status, slug = 409, "export-untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for as a file."""

    format: str
    dialect: Literal["excel-vi"] | None
    told: str | None

    @property
    def as_json(self) -> bool:
        """Whether it is no file at all."""
        return self.format == "json"


async def wanted_list(format: ListFormat = "json", dialect: Dialect = None, export: Told = None) -> Wanted:
    """Of a quarter."""
    return _wanted(format, dialect, export)


async def wanted_card(format: CardFormat = "json", dialect: Dialect = None, export: Told = None) -> Wanted:
    """Of a card."""
    return _wanted(format, dialect, export)


def _wanted(format: str, dialect: Literal["excel-vi"] | None, export: str | None) -> Wanted:
    if dialect is not None and format != "csv":
        raise invalid("/dialect", "chỉ dùng cùng format=csv", "goes with format=csv only")
    if export is not None and not _UUID.fullmatch(export):
        raise invalid("/export", "phải là mã UUIDv7 của lần xuất dữ liệu", "must be the UUIDv7 of an export")
    return Wanted(format=format, dialect=dialect, told=export)


OfList = Annotated[Wanted, Depends(wanted_list)]
OfCard = Annotated[Wanted, Depends(wanted_card)]


async def file_of_list(
    state: State, caller: Caller, request: Request, wanted: Wanted, listing: Listing, tree: int, **kept: str
) -> Response:
    """A list as a file; `tree` is a size at which the log can be read, `kept` how long the file may be."""
    if not listing.published:
        await _permit(state, caller, request, wanted, listing.quarter, listing.edition, None)
    stem = f"scorecards-{listing.quarter}-{listing.edition}-{listing.head.size}" + ("-part" if listing.part else "")
    name = file_name("Phiếu điểm", quarter_name(listing.quarter), edition_words(listing.edition)[0], kind=_end(wanted))
    digest, published = listing.digest, listing.published
    headers = _headers(state, request, wanted, digest, published, f"{stem}.{_end(wanted)}", name) | kept
    if unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)

    async def make() -> bytes:
        if wanted.format == "csv":
            return await asyncio.to_thread(_list_csv, listing, wanted.dialect)
        shown = json.loads(listing.body)
        source = Source.of(shown, await _cut(state, listing.head.size, tree))
        return await _made(_list_file, shown, source, _office(state, request), wanted.format)

    return _sent(await state.files.file(headers["ETag"], make), wanted, headers)


async def file_of_card(
    state: State, caller: Caller, request: Request, wanted: Wanted, text: str, tree: int, *,
    published: bool, cards_root: str | None = None, **kept: str,
) -> Response:  # fmt: skip
    """A card, given as its JSON text, as a file."""
    card = json.loads(text)
    quarter, unit, edition = card["quarter"], card["unit"], card["edition"]
    if not published:
        await _permit(state, caller, request, wanted, quarter, edition, unit)
    stem = f"scorecard-{quarter}-{unit}-{edition}-{card['log']['size']}"
    name = file_name(
        "Phiếu điểm", card["unit_name"], quarter_name(quarter), edition_words(edition)[0], kind=_end(wanted)
    )
    digest = sha256(text.encode()).hexdigest()
    headers = _headers(state, request, wanted, digest, published, f"{stem}.{_end(wanted)}", name) | kept
    if unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    shown = card | {"cards_root": cards_root}
    source = Source.of(shown, await _cut(state, card["log"]["size"], tree))
    office = _office(state, request)
    return _sent(await _made(_card_file, shown, source, office, wanted.format, wanted.dialect), wanted, headers)


async def _permit(
    state: State, caller: Caller, request: Request, wanted: Wanted, quarter: str, edition: str, unit: str | None
) -> None:
    """Forbidden, or ExportUntold, where something that is not published may not go out like this.

    A program that reads the plain CSV with a token of its own need not tell of it: that is done in its name.
    """
    caller.require(Action.EXPORT, state.clock.now())
    body = {"quarter": quarter, "format": wanted.format, "edition": edition} | ({"unit": unit} if unit else {})
    if wanted.told is None and caller.kind == "bearer" and wanted.format == "csv" and wanted.dialect is None:
        await state.taken.tell(token_of(request) or "", body, state.clock.now())
        return
    if wanted.told is None:
        raise _untold(body)
    async with of_the_log():
        told = await state.log.told(wanted.told, token_of(request) or "", _PATIENCE)
    if told is None:
        raise ExportUntold((
            f"Nhật ký chưa có lần xuất dữ liệu {wanted.told}; hãy thử lại sau ít giây.",
            f"The log does not have the export {wanted.told} yet; try again in a few seconds.",
        ), headers={"Retry-After": "2"})  # fmt: skip
    event = json.loads(told)
    if event["type"] != EVENT or {name: value for name, value in event["data"].items() if name != "by"} != body:
        raise _untold(body, (f"Mã {wanted.told} thuộc về việc khác. ", f"{wanted.told} is of something else. "))
    if state.clock.now() > parse_instant(event["time"]) + GOOD_FOR:
        raise _untold(body, (f"Mã {wanted.told} đã quá 15 phút. ", f"{wanted.told} is older than 15 minutes. "))


def _untold(body: Mapping[str, str], before: tuple[str, str] = ("", "")) -> ExportUntold:
    asked = json.dumps(body)
    return ExportUntold((
        f"{before[0]}Bản này chưa công bố: trước hết hãy gửi PUT /intake/v1/exports/{{mã UUIDv7 mới}} với nội dung "
        f"{asked}, rồi tải lại với ?export={{mã đó}}.",
        f"{before[1]}This is not published: first send PUT /intake/v1/exports/{{a new UUIDv7}} with the body {asked}, "
        f"then ask again with ?export={{that id}}.",
    ))  # fmt: skip


async def _cut(state: State, size: int, tree: int) -> datetime:
    """The time of the last entry of a prefix of the log; NotFound of one that has none."""
    if size == 0:
        raise NotFound((
            "Nhật ký lúc đó chưa có mục nào, nên chưa có gì để xuất thành tệp.",
            "The log had no entry then, so there is nothing to make a file of.",
        ))  # fmt: skip
    async with of_the_log():
        [last] = await state.log.entries(size - 1, size, max(size, tree))
    return parse_instant(json.loads(last)["time"])


def _office(state: State, request: Request) -> Office:
    settings = state.settings
    site = settings.public_url or site_asked(request)
    return Office(department=settings.department, seat=settings.seat, site=site)


def _headers(
    state: State, request: Request, wanted: Wanted, digest: str, published: bool, ascii_name: str, name: str
) -> dict[str, str]:
    """What names the file and its bytes: these follow from what is named here alone, so they need not be made first."""
    office = _office(state, request)
    parts = (_program(), wanted.format, wanted.dialect or "", office.department, office.seat or "", office.site, digest)
    return {
        "ETag": f'"{sha256(chr(0).join(parts).encode()).hexdigest()}"',
        "Content-Disposition": attachment(name, ascii_name),
        # packed on its way it would come without its length, and nobody could say how much is still to come
        "Cache-Control": "private, no-cache, no-transform" if published else "no-store, no-transform",
        "Vary": "Authorization, Cookie",
    }


@cache
def _program() -> str:
    """What makes the files, by its own text, the words and the libraries that it uses."""
    services = Path(__file__).parents[2]
    made = sha256()
    for folder in (services / "reports" / "exports", services / "kernel" / "paper", services / "domain"):
        for path in sorted(folder.glob("*.[pt]y*")):
            made.update(path.read_bytes())
    for library in _LIBRARIES:
        made.update(version(library).encode())
    made.update(repr(_names()).encode())
    return made.hexdigest()


def _names() -> Mapping[str, str]:
    """What papers call groups and codes."""
    return {name: words[0] for name, words in (group_names() | code_names()).items()}


def _end(wanted: Wanted) -> str:
    return _ENDS.get(wanted.format, wanted.format)


async def _made(make: Callable[..., bytes], *of: Any) -> bytes:
    """One at a time: setting type takes a core for a second, and a crowd waits in line."""
    async with _one_at_a_time:
        return await asyncio.to_thread(make, *of)


def _list_csv(listing: Listing, dialect: Literal["excel-vi"] | None) -> bytes:
    from services.reports.exports.table import csv_bytes

    return csv_bytes(
        listing.rows.values(), quarter=listing.quarter, edition=listing.edition, rules=listing.rules,
        head=listing.head, dialect=dialect or "plain",
    )  # fmt: skip


def _list_file(shown: Mapping[str, Any], source: Source, office: Office, kind: str) -> bytes:
    # what makes these files is large, and a service that is never asked for one does without
    from services.reports.exports.document import list_sheet
    from services.reports.exports.tables import list_sheets, list_tables

    if kind == "xlsx":
        from services.reports.exports.workbook import workbook

        return workbook(list_sheets(shown), source, office.site)
    if kind == "package":
        from services.reports.exports.package import data_package

        return data_package(list_tables(shown), source, office.site)
    return _paper(list_sheet(shown, source, office, _names()), kind)


def _card_file(shown: Mapping[str, Any], source: Source, office: Office, kind: str, dialect: Any) -> bytes:
    from services.reports.exports.document import card_sheet
    from services.reports.exports.tables import card_sheets, card_tables

    if kind == "csv":
        from services.reports.exports.table import table_csv

        return table_csv(card_tables(shown)[0], dialect or "plain")
    if kind == "xlsx":
        from services.reports.exports.workbook import workbook

        return workbook(card_sheets(shown), source, office.site)
    return _paper(card_sheet(shown, source, office, _names()), kind)


def _paper(sheet: Any, kind: str) -> bytes:
    if kind == "pdf":
        from services.kernel.paper.typeset import to_pdf

        return to_pdf(sheet)
    from services.kernel.paper.editable import to_docx

    return to_docx(sheet)


def _sent(body: bytes, wanted: Wanted, headers: Mapping[str, str]) -> Response:
    """A file in pieces: nothing of it waits for a slow reader in memory twice."""
    whole = {**headers, "Content-Length": str(len(body))}
    return StreamingResponse(_pieces(body), media_type=MEDIA[wanted.format], headers=whole)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]


@asynccontextmanager
async def of_the_log() -> AsyncIterator[None]:
    """Say that the log is away, or not to be understood, in words."""
    try:
        yield
    except (LogUnreachable, LogDiffers, Unfoldable) as error:
        raise Unavailable(detail=(
            "Nhật ký chưa đọc được; hãy thử lại sau ít phút.",
            "The log cannot be read just now; try again in a few minutes.",
        )) from error  # fmt: skip
