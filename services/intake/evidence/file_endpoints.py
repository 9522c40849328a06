"""The routes of files that belong to a write: taken from the unit, shown to whoever reads the case."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from services.intake.evidence.attachments import FILE_NOUNS, PDF, PICTURES, TYPES, file_id
from services.intake.evidence.endpoints import PARAMETERS, SHOWN_AS, UNREADABLE, path_errors, place_of, sent_as
from services.intake.evidence.imaging import Darkroom, Unreadable
from services.intake.evidence.parts import Part
from services.intake.evidence.sql import QUERIES
from services.intake.evidence.state import SentFile
from services.intake.evidence.uploads import Upload, take, tell_offset, token_digest
from services.intake.findings.endpoints import known_finding
from services.intake.reading.private import Reason, note_reading
from services.intake.reading.reach import reading
from services.intake.vault.sealing import Sealed
from services.intake.writing.commands import Command, Noun
from services.intake.writing.forms import WRITE_ID, id_errors, is_write_id
from services.intake.writing.service import Service
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import FieldError, NotFound, NotJson, Unavailable, invalid
from services.kernel.strict_json import is_blank

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", PDF: "pdf"}
_CONTENT = {one: {"schema": {"type": "string", "format": "binary"}} for one in TYPES}
_WRITE = {"name": "write", "in": "path", "required": True, "schema": {"type": "string", "pattern": WRITE_ID}}
_PARAMETERS = [PARAMETERS[0], _WRITE, PARAMETERS[1]]
_NO_PDF = FieldError("", "không phải tệp PDF", "is no PDF file")
_PDF_HEAD = b"%PDF-"
Endpoint = Callable[..., Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Add the routes of each kind of write that has files."""
    for name, noun in FILE_NOUNS.items():
        path = f"/intake/v1/{name.replace('/', '/{finding}/')}/{{write}}/files/{{n}}"
        operation = name.replace("/", "_").replace("-", "_") + "_files"
        send, tell, show = _routes(noun, name)
        sending: dict[str, Any] = {**allows(Action.ANSWER), **sent_as(_PARAMETERS, _CONTENT)}
        app.put(path, status_code=201, operation_id=f"put_{operation}", response_class=Response, openapi_extra=sending)(
            send
        )
        app.head(path, include_in_schema=False, response_class=Response, openapi_extra=allows(Action.ANSWER))(tell)
        showing: dict[str, Any] = {**allows(Action.READ_CASE), "parameters": _PARAMETERS}
        app.get(
            path, operation_id=f"get_{operation}", response_class=Response, responses={200: {"content": _CONTENT}},
            openapi_extra=showing,
        )(show)  # fmt: skip


def _routes(noun: Noun, name: str) -> tuple[Endpoint, Endpoint, Endpoint]:
    async def send_file(request: Request) -> Response:
        """Take a file that the write named; a picture is encoded anew, a PDF kept as it is."""
        return await take(request, _upload(request, noun))

    async def tell_file(request: Request) -> Response:
        """How much of a file is held, to whoever may send it."""
        return await tell_offset(request, _upload(request, noun))

    async def show_file(request: Request, reason: Reason) -> Response:
        """A held file, to whoever may read the case; an auditor gives a reason; each opening is logged."""
        return await _show(request, name, reason)

    return send_file, tell_file, show_file


def _upload(request: Request, noun: Noun) -> "FileUpload":
    params = request.path_params
    named = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method == "PUT" and named not in TYPES:
        raise NotJson((f"Hãy gửi tệp với một trong các kiểu {', '.join(TYPES)}.", f"Send one of {', '.join(TYPES)}."))
    return FileUpload(token_digest(request), params["write"], place_of(params["n"]), named, params["finding"], noun)


@dataclass(frozen=True, slots=True)
class FileUpload(Upload):
    """A file of a write on its way."""

    finding: str
    noun: Noun

    @property
    def part(self) -> tuple[str, str]:
        """The write's own file: its event has the commitment to the hash."""
        return self.target, f"file.{self.place}/content"

    def asking(self, part: Part | FieldError | None) -> Command:
        """The question whether a part may come."""
        errors = self._errors()
        if isinstance(part, FieldError):
            errors.append(part)
        return self._command(errors, None, None, part.size if isinstance(part, Part) else None)

    async def keeping(self, service: Service, raw: bytes) -> Command:
        """The write that keeps a file, if these are the bytes that its write named."""
        errors, kept, sha256 = self._errors(), None, hashlib.sha256(raw).hexdigest()
        wanted = None if errors else await service.pool.fetchval(QUERIES.file_wanted, self.target, self.place, sha256)
        if wanted is not None and wanted == self.media_type:
            try:
                kept = await self._sealed(service, raw)
            except Unreadable:
                errors.append(_NO_PDF if wanted == PDF else UNREADABLE)
        return self._command(errors, sha256, kept)

    async def kept(self, service: Service) -> int | None:
        """How many bytes a held file had."""
        held: int | None = await service.pool.fetchval(QUERIES.file_kept, self.target, self.place)
        return held

    async def _sealed(self, service: Service, raw: bytes) -> tuple[bytes, bytes]:
        raw = await _cleaned(service, raw, self.media_type)
        sealed, _ = await asyncio.to_thread(service.vault.seal, *self.part, raw)
        return sealed.wrapped_key, sealed.sealed

    def _errors(self) -> list[FieldError]:
        return id_errors("/finding", self.finding) + path_errors("/write", self.target, self.place)

    def _command(
        self, errors: list[FieldError], sha256: str | None, kept: tuple[bytes, bytes] | None, size: int | None = None
    ) -> Command:
        sent = SentFile(self.target, self.place, self.media_type or None, sha256, kept, size)
        remembered = file_id(self.target, self.place)
        return Command(noun=self.noun, id=remembered, parent=self.finding, token=self.token, errors=errors, sent=sent)


async def fault(service: Service, raw: bytes, media_type: str) -> FieldError | None:
    """Why a file would not be kept, if it would not."""
    try:
        await _cleaned(service, raw, media_type)
    except Unreadable:
        return _NO_PDF if media_type == PDF else UNREADABLE
    return None


async def _cleaned(service: Service, raw: bytes, media_type: str) -> bytes:
    """What is kept of a file: of a picture it alone, with nothing that a camera wrote beside it; a PDF as it came."""
    if media_type not in PICTURES:
        if not raw.startswith(_PDF_HEAD):
            raise Unreadable
        return raw
    try:
        return await service.part(Darkroom).reencode(raw, PICTURES[media_type])
    except OSError:
        raise Unavailable from None


async def _show(request: Request, name: str, reason: str | None) -> Response:
    finding, write, place = (request.path_params[part] for part in ("finding", "write", "n"))
    number = place_of(place)
    async with reading(request, Action.READ_CASE) as reader:
        _, role = await known_finding(reader, finding)
        named = number and is_write_id(write)
        row = await reader.connection.fetchrow(QUERIES.file, finding, name, write, number) if named else None
    if row is None:
        raise NotFound
    if role is Role.AUDITOR and is_blank(reason or ""):
        raise invalid("/reason", "hãy nêu lý do xem tệp", "say why the file is opened")
    await note_reading(reader, role, finding=finding, part=f"file.{number}", reason=reason)
    sealed = Sealed(write, f"file.{number}/content", row["wrapped_key"], row["sealed"])
    _, content = await asyncio.to_thread(reader.service.vault.open, sealed)
    file = f"{write}-{number}.{_EXTENSIONS[row['type']]}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', **SHOWN_AS}
    return Response(content, media_type=row["type"], headers=headers)
