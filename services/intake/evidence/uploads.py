"""How a photo or a file is taken over HTTP: whole or in parts, and how much of it is held is told."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.intake.evidence import parts
from services.intake.evidence.parts import Part, Sending
from services.intake.findings.forms import MAX_FILE_BYTES
from services.intake.writing.commands import Command
from services.intake.writing.service import Service, service_of
from services.intake.writing.writes import Answer
from services.kernel.identity.authentication import authenticate, hash_token, token_of
from services.kernel.problems import FieldError, Invalid
from services.kernel.web.app import read_body, require_head


@dataclass(frozen=True, slots=True)
class Upload(ABC):
    """One file on its way: what it belongs to, and the writes by which it is asked for and kept."""

    token: bytes
    target: str
    place: int
    """0 when the path names none."""
    media_type: str

    @property
    @abstractmethod
    def part(self) -> tuple[str, str]:
        """The event and the part that the whole is sealed as."""

    @abstractmethod
    def asking(self, part: Part | FieldError | None) -> Command:
        """The question whether a part may come: decided as the whole itself, but nothing is stored."""

    @abstractmethod
    async def keeping(self, service: Service, raw: bytes) -> Command:
        """The write that keeps the whole."""

    @abstractmethod
    async def kept(self, service: Service) -> int | None:
        """How many bytes there are of one that is kept; None of one that is not."""


async def take(request: Request, upload: Upload) -> Response:
    """Take a file, or a part of it."""
    require_head(request, MAX_FILE_BYTES, upload.media_type)
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    service.rate.take(caller.account)
    service.require_writable()
    raw = await read_body(request, MAX_FILE_BYTES, upload.media_type)
    if "content-range" in request.headers:
        part = parts.read_range(request.headers["content-range"], len(raw))
        if not (isinstance(part, Part) and part.whole):
            return await _take_part(service, upload, caller.account, part, raw)
    return _answered(await service.batcher.submit(await upload.keeping(service, raw)))


async def _take_part(service: Service, upload: Upload, account: str, part: Part | FieldError, raw: bytes) -> Response:
    """Keep a part from whoever may send the file; the one that makes it whole brings the file's own answer."""
    asked = await service.batcher.submit(upload.asking(part))
    if asked.body or isinstance(part, FieldError):
        return _answered(asked)  # the file is held already
    sending = Sending(upload.target, upload.place, account, upload.part)
    received = await parts.take(service, sending, part, raw)
    if received < part.size:
        return JSONResponse({"received": received}, 202)
    whole = await parts.joined(service, sending)
    try:
        return _answered(await service.batcher.submit(await upload.keeping(service, whole)))
    except Invalid:
        await parts.drop(service, sending)  # it has to come anew: what is held will never be the file
        raise


async def tell_offset(request: Request, upload: Upload) -> Response:
    """How much of a file is held, to whoever may send it."""
    service = service_of(request)
    caller = await authenticate(service.pool, token_of(request))
    await service.batcher.submit(upload.asking(None))
    held = await upload.kept(service)
    if held is None:
        held = await parts.received(service, Sending(upload.target, upload.place, caller.account, upload.part))
    return Response(headers={"Upload-Offset": str(held)}, media_type=upload.media_type)


def token_digest(request: Request) -> bytes:
    """The hash of the caller's token; of no token, one that nobody has."""
    return hash_token(token_of(request) or "")


def _answered(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type="application/json")
