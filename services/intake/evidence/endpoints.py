"""A photo's routes: the image is taken whole or in parts, how much of it is held is told, what was kept is shown."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from services.intake.evidence.imaging import Darkroom, Unreadable
from services.intake.evidence.parts import Part
from services.intake.evidence.rules import PHOTO, completed_id, photo_id
from services.intake.evidence.sql import QUERIES
from services.intake.evidence.state import KeptPhoto, SentPhoto
from services.intake.evidence.uploads import Upload, take, tell_offset, token_digest
from services.intake.findings.endpoints import known_finding
from services.intake.reading.private import Reason, note_reading
from services.intake.reading.reach import reading
from services.intake.vault.sealing import Sealed
from services.intake.writing.commands import Command
from services.intake.writing.forms import PLACE, WRITE_ID, id_errors, place_errors
from services.intake.writing.openapi import answers
from services.intake.writing.service import Service
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import FieldError, Forbidden, NotFound, Unavailable, invalid
from services.kernel.strict_json import is_blank

PATH = "/intake/v1/findings/{finding}/photos/{n}"
MEDIA_TYPE = "image/jpeg"
UNREADABLE = FieldError(
    "", "không đọc được ảnh: tệp hỏng, hoặc quá 40 triệu điểm ảnh",
    "is no readable picture: the file is damaged, or has more than 40 million pixels",
)  # fmt: skip
SHOWN_AS = {
    "Content-Security-Policy": "sandbox", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
"""With what a stranger's bytes are given out, beside their disposition and what every answer has (nosniff)."""
PARAMETERS: list[dict[str, Any]] = [
    {"name": "finding", "in": "path", "required": True, "schema": {"type": "string", "pattern": WRITE_ID}},
    {"name": "n", "in": "path", "required": True, "schema": {"type": "string", "pattern": PLACE}},
]
Original = Annotated[bool, Query(description="of a redacted photo the one under the boxes, with a reason")]
_COVERED = (
    "Ảnh đã được che; đơn vị chỉ xem bản đã che.",
    "The photo is redacted; a unit sees only what the boxes leave.",
)
_IMAGE = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_RECEIVED = {"type": "object", "required": ["received"], "properties": {"received": {"type": "integer", "minimum": 1}}}


def sent_as(parameters: list[dict[str, Any]], content: dict[str, Any]) -> dict[str, Any]:
    """How the sending of a file is described."""
    span = {
        "name": "Content-Range", "in": "header", "description": "of a part: bytes a-b/n",
        "schema": {"type": "string", "pattern": "^bytes [0-9]{1,9}-[0-9]{1,9}/[0-9]{1,9}$"},
    }  # fmt: skip
    part = {
        "description": "a part is durable; how many bytes are held now",
        "content": {"application/json": {"schema": _RECEIVED}},
    }
    return {
        "parameters": [*parameters, span],
        "requestBody": {"required": True, "content": content},
        "responses": answers(logged=False) | {"202": part},
    }


def install(app: FastAPI) -> None:
    """Add the routes."""
    sending: dict[str, Any] = {**allows(Action.FILE), **sent_as(PARAMETERS, _IMAGE)}
    app.put(PATH, status_code=201, operation_id="put_findings_photos", response_class=Response, openapi_extra=sending)(
        send_photo
    )
    telling = allows(Action.FILE)
    app.head(PATH, include_in_schema=False, response_class=Response, openapi_extra=telling)(tell_photo)
    showing: dict[str, Any] = {**allows(Action.READ_CASE), "parameters": PARAMETERS}
    app.get(PATH, response_class=Response, responses={200: {"content": _IMAGE}}, openapi_extra=showing)(show_photo)


async def send_photo(request: Request) -> Response:
    """Take a photo that the finding's manifest names; what is kept is the picture alone, encoded anew."""
    return await take(request, _named(request))


async def tell_photo(request: Request) -> Response:
    """How much of a photo is held, to whoever may send it."""
    return await tell_offset(request, _named(request))


def _named(request: Request) -> "PhotoUpload":
    params = request.path_params
    return photo_upload(token_digest(request), params["finding"], params["n"])


def photo_upload(token: bytes, finding: str, n: str) -> "PhotoUpload":
    """A photo as a path names it."""
    return PhotoUpload(token, finding, place_of(n), MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class PhotoUpload(Upload):
    """A photo of a finding on its way."""

    @property
    def part(self) -> tuple[str, str]:
        """The finding's completion, and the photo."""
        return completed_id(self.target), f"photo.{self.place}"

    def asking(self, part: Part | FieldError | None) -> Command:
        """The question whether a part may come."""
        errors = path_errors("/finding", self.target, self.place)
        if isinstance(part, FieldError):
            errors.append(part)
        return self._command(errors, SentPhoto(self.place, None, None, part.size if isinstance(part, Part) else None))

    async def keeping(self, service: Service, raw: bytes) -> Command:
        """The write that keeps a photo, its picture encoded anew if the finding's manifest names these bytes."""
        errors = path_errors("/finding", self.target, self.place)
        sha256, kept = hashlib.sha256(raw).hexdigest(), None
        # only bytes that somebody of the team declared are ever decoded
        if not errors and await service.pool.fetchval(QUERIES.photo_wanted, self.target, self.place, sha256):
            try:
                kept = await self._develop(service, raw)
            except Unreadable:
                errors.append(UNREADABLE)
        return self._command(errors, SentPhoto(self.place, sha256, kept))

    async def kept(self, service: Service) -> int | None:
        """How many bytes a kept photo had."""
        held: int | None = await service.pool.fetchval(QUERIES.photo_kept, self.target, self.place)
        return held

    async def _develop(self, service: Service, raw: bytes) -> KeptPhoto:
        try:
            image = await service.part(Darkroom).reencode(raw)
        except OSError:
            raise Unavailable from None
        sealed, commitment = await asyncio.to_thread(service.vault.seal, *self.part, image)
        return KeptPhoto(self.target, self.place, sealed.wrapped_key, sealed.sealed, commitment)

    def _command(self, errors: list[FieldError], photo: SentPhoto) -> Command:
        remembered = photo_id(self.target, self.place)
        return Command(noun=PHOTO, id=remembered, parent=self.target, token=self.token, errors=errors, sent=photo)


def path_errors(pointer: str, id: str, place: int) -> list[FieldError]:
    """What is wrong with a path that names a file of something by its place."""
    return id_errors(pointer, id) + place_errors(str(place))


def place_of(text: str) -> int:
    """A place in a list as a path names it, from 1; 0 for none."""
    return 0 if place_errors(text) else int(text)


async def _covered(service: Service, image: bytes, boxes: str) -> bytes:
    """The picture with black boxes burnt in, encoded anew: nothing of what is under them is left."""
    try:
        return await service.part(Darkroom).reencode(image, boxes=boxes)
    except (OSError, Unreadable):
        raise Unavailable from None


async def show_photo(request: Request, reason: Reason, original: Original = False) -> Response:
    """The kept image, to whoever may read the private part; an auditor gives a reason; each opening is logged.

    Of a redacted one everybody sees what the boxes leave; but a unit, each also the original, with a reason.
    """
    finding, place = request.path_params["finding"], place_of(request.path_params["n"])
    async with reading(request, Action.READ_CASE) as reader:
        _, role = await known_finding(reader, finding)
        row = await reader.connection.fetchrow(QUERIES.photo, finding, place) if place else None
    if row is None:
        raise NotFound
    boxes, part = row["boxes"], f"photo.{place}"
    if boxes and original and role is Role.UNIT_HEAD:
        raise Forbidden(_COVERED)
    if (role is Role.AUDITOR or (boxes and original)) and is_blank(reason or ""):
        raise invalid("/reason", "hãy nêu lý do xem ảnh", "say why the photo is opened")
    covered = bool(boxes and not original)
    await note_reading(reader, role, finding=finding, part=f"{part}.redacted" if covered else part, reason=reason)
    sealed = Sealed(completed_id(finding), part, row["wrapped_key"], row["sealed"])
    _, image = await asyncio.to_thread(reader.service.vault.open, sealed)
    if covered:
        image = await _covered(reader.service, image, boxes)
    headers = {"Content-Disposition": f'attachment; filename="{finding}-{place}.jpg"', **SHOWN_AS}
    return Response(image, media_type=MEDIA_TYPE, headers=headers)
