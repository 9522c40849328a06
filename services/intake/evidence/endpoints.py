"""A photo's routes: the image is taken whole or in parts, how much of it is held is told, what was kept is shown."""

import asyncio
import hashlib
import re
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from services.intake.evidence import parts as photo_parts
from services.intake.evidence.imaging import Darkroom, Unreadable
from services.intake.evidence.parts import Part, Sending
from services.intake.evidence.rules import PHOTO, completed_id, photo_id
from services.intake.evidence.sql import QUERIES
from services.intake.evidence.state import KeptPhoto, SentPhoto
from services.intake.findings.endpoints import known_finding
from services.intake.findings.forms import MAX_PHOTO_BYTES
from services.intake.reading.private import Reason, note_reading
from services.intake.reading.reach import reading
from services.intake.vault.sealing import Sealed
from services.intake.writing.commands import Command
from services.intake.writing.forms import WRITE_ID, id_errors
from services.intake.writing.openapi import answers
from services.intake.writing.service import Service, service_of
from services.intake.writing.writes import Answer
from services.kernel.identity.authentication import authenticate, hash_token, token_of
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import FieldError, Invalid, NotFound, Unavailable, invalid
from services.kernel.strict_json import is_blank
from services.kernel.web.app import read_body, require_head

PATH = "/intake/v1/findings/{finding}/photos/{n}"
MEDIA_TYPE = "image/jpeg"
_PLACE = re.compile("[1-9][0-9]?")
_UNREADABLE = FieldError(
    "", "không đọc được ảnh: tệp hỏng, hoặc quá 40 triệu điểm ảnh",
    "is no readable picture: the file is damaged, or has more than 40 million pixels",
)  # fmt: skip
_PARAMETERS: list[dict[str, Any]] = [
    {"name": "finding", "in": "path", "required": True, "schema": {"type": "string", "pattern": WRITE_ID}},
    {"name": "n", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{_PLACE.pattern}$"}},
]
_IMAGE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_RECEIVED = {"type": "object", "required": ["received"], "properties": {"received": {"type": "integer", "minimum": 1}}}
_SENT: dict[str, Any] = {
    "parameters": [
        *_PARAMETERS,
        {
            "name": "Content-Range", "in": "header", "description": "of a part: bytes a-b/n",
            "schema": {"type": "string", "pattern": "^bytes [0-9]{1,9}-[0-9]{1,9}/[0-9]{1,9}$"},
        },
    ],
    "requestBody": {"required": True, "content": _IMAGE},
    "responses": answers(logged=False) | {
        "202": {
            "description": "a part is durable; how many bytes are held now",
            "content": {"application/json": {"schema": _RECEIVED}},
        },
    },
}  # fmt: skip


def install(app: FastAPI) -> None:
    """Add the routes."""
    sending: dict[str, Any] = {**allows(Action.FILE), **_SENT}
    app.put(PATH, status_code=201, operation_id="put_findings_photos", response_class=Response, openapi_extra=sending)(
        send_photo
    )
    telling = allows(Action.FILE)
    app.head(PATH, include_in_schema=False, response_class=Response, openapi_extra=telling)(tell_offset)
    showing: dict[str, Any] = {**allows(Action.READ_CASE), "parameters": _PARAMETERS}
    app.get(PATH, response_class=Response, responses={200: {"content": _IMAGE}}, openapi_extra=showing)(show_photo)


async def send_photo(request: Request) -> Response:
    """Take a photo that the finding's manifest names; what is kept is the picture alone, encoded anew."""
    require_head(request, MAX_PHOTO_BYTES, MEDIA_TYPE)
    service, token = service_of(request), token_of(request)
    caller = await authenticate(service.pool, token)
    service.rate.take(caller.account)
    service.require_writable()
    raw = await read_body(request, MAX_PHOTO_BYTES, MEDIA_TYPE)
    digest, (finding, n) = hash_token(token or ""), _named(request)
    if "content-range" in request.headers:
        part = photo_parts.read_range(request.headers["content-range"], len(raw))
        if not (isinstance(part, Part) and part.whole):
            return await _take_part(service, digest, Sending(finding, _place(n), caller.account), n, part, raw)
    return _answered(await service.batcher.submit(await photo_command(service, digest, finding, n, raw)))


async def _take_part(
    service: Service, token: bytes, sending: Sending, n: str, part: Part | FieldError, raw: bytes
) -> Response:
    """Keep a part from whoever may send the photo; the one that makes it whole brings the photo's own answer."""
    kept = await service.batcher.submit(_asking(token, sending.finding, n, part))
    if kept.body or isinstance(part, FieldError):
        return _answered(kept)  # the photo is held already
    received = await photo_parts.take(service, sending, part, raw)
    if received < part.size:
        return JSONResponse({"received": received}, 202)
    whole = await photo_parts.joined(service, sending)
    try:
        return _answered(await service.batcher.submit(await photo_command(service, token, sending.finding, n, whole)))
    except Invalid:
        await photo_parts.drop(service, sending)  # it has to come anew: what is held will never be the photo
        raise


async def tell_offset(request: Request) -> Response:
    """How much of a photo is held, to whoever may send it."""
    service, token = service_of(request), token_of(request)
    caller = await authenticate(service.pool, token)
    finding, n = _named(request)
    await service.batcher.submit(_asking(hash_token(token or ""), finding, n, None))
    received = await photo_parts.received(service, Sending(finding, _place(n), caller.account))
    return Response(headers={"Upload-Offset": str(received)}, media_type=MEDIA_TYPE)


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["finding"], request.path_params["n"]


def _answered(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")


def _asking(token: bytes, finding: str, n: str, part: Part | FieldError | None) -> Command:
    """The question whether a part of a photo may come: decided as the photo itself, but nothing is stored."""
    errors = _path_errors(finding, n)
    if isinstance(part, FieldError):
        errors.append(part)
    photo = SentPhoto(_place(n), None, None, part.size if isinstance(part, Part) else None)
    return _command(token, finding, _place(n), errors, photo)


def _command(token: bytes, finding: str, place: int, errors: list[FieldError], photo: SentPhoto) -> Command:
    return Command(noun=PHOTO, id=photo_id(finding, place), parent=finding, token=token, errors=errors, sent=photo)


def _path_errors(finding: str, n: str) -> list[FieldError]:
    errors = id_errors("/finding", finding)
    if not _place(n):
        errors.append(FieldError("/n", "phải là số thứ tự từ 1 đến 99", "must be a number from 1 to 99"))
    return errors


async def photo_command(service: Service, token: bytes, finding: str, n: str, raw: bytes) -> Command:
    """The write that keeps a photo, its picture encoded anew if the finding's manifest names these bytes."""
    place, errors = _place(n), _path_errors(finding, n)
    sha256, kept = hashlib.sha256(raw).hexdigest(), None
    # only bytes that somebody of the team declared are ever decoded
    if not errors and await service.pool.fetchval(QUERIES.photo_wanted, finding, place, sha256):
        try:
            kept = await _develop(service, finding, place, raw)
        except Unreadable:
            errors.append(_UNREADABLE)
    photo = SentPhoto(place, sha256, kept)
    return _command(token, finding, place, errors, photo)


async def _develop(service: Service, finding: str, place: int, raw: bytes) -> KeptPhoto:
    try:
        image = await service.part(Darkroom).reencode(raw)
    except OSError:
        raise Unavailable from None
    sealed, commitment = await asyncio.to_thread(service.vault.seal, *_group(finding, place), image)
    return KeptPhoto(finding, place, sealed.wrapped_key, sealed.sealed, commitment)


def _group(finding: str, place: int) -> tuple[str, str]:
    """The event and the part that an image is sealed as."""
    return completed_id(finding), f"photo.{place}"


def _place(text: str) -> int:
    return int(text) if _PLACE.fullmatch(text) else 0


async def show_photo(request: Request, reason: Reason) -> Response:
    """The kept image, to whoever may read the private part; an auditor gives a reason; each opening is logged."""
    finding, place = request.path_params["finding"], _place(request.path_params["n"])
    async with reading(request, Action.READ_CASE) as reader:
        _, role = await known_finding(reader, finding)
        row = await reader.connection.fetchrow(QUERIES.photo, finding, place) if place else None
    if row is None:
        raise NotFound
    if role is Role.AUDITOR and is_blank(reason or ""):
        raise invalid("/reason", "hãy nêu lý do xem ảnh", "say why the photo is opened")
    await note_reading(reader, role, finding=finding, part=f"photo.{place}", reason=reason)
    sealed = Sealed(*_group(finding, place), row["wrapped_key"], row["sealed"])
    _, image = await asyncio.to_thread(reader.service.vault.open, sealed)
    headers = {
        "Content-Disposition": f'attachment; filename="{finding}-{place}.jpg"', "Content-Security-Policy": "sandbox",
        "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
    }  # fmt: skip
    return Response(image, media_type=MEDIA_TYPE, headers=headers)
