"""A colleague's queue, handed over as a sealed file: opened here, each write its signer's, each photo its finding's."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.intake.evidence.endpoints import photo_upload
from services.intake.findings.forms import MAX_PHOTO_BYTES
from services.intake.handover.keys import Keys
from services.intake.writing.batch import MAX_LINE, MAX_LINES, Outcome, answer_line, read_line, settle
from services.intake.writing.batch import MEDIA_TYPE as NDJSON
from services.intake.writing.commands import Command
from services.intake.writing.service import Service, service_of
from services.intake.writing.writes import Answer
from services.kernel.identity.authentication import authenticate, hash_token, token_of
from services.kernel.identity.roles import Action, allows
from services.kernel.problems import BadJson, Language, NotFound, Problem, TooLarge, invalid, language_of
from services.kernel.process.telemetry import trace_headers
from services.kernel.strict_json import parse
from services.kernel.web.app import read_body, require_head

FORMAT = b"kycuong-handover/1"
MEDIA_TYPE = "text/plain"
MAX_BYTES = 24 * 1024 * 1024
SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)  # RFC 9180, base mode
TOLD = ("id", "state", "received_at", "receipt")
_PHOTO = re.compile(r"/intake/v1/findings/([^/]+)/photos/([^/]+)")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a file: a write, or a photo with its bytes."""

    line: bytes
    path: str
    photo: bytes | None


def install(app: FastAPI) -> None:
    """Add the routes."""
    app.get("/intake/v1/handover-key", response_class=JSONResponse, openapi_extra=allows(Action.FILE))(give_key)
    content = {MEDIA_TYPE: {"schema": {"type": "string"}}}
    described: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    app.post(
        "/intake/v1/handovers", operation_id="post_handovers", response_class=Response,
        openapi_extra={**allows(Action.FILE), **described},
    )(post)  # fmt: skip


async def give_key(request: Request) -> Response:
    """The key that a phone seals its queue to, before the network goes."""
    service = service_of(request)
    (await authenticate(service.pool, token_of(request))).require(Action.FILE, service.clock.now())
    return JSONResponse(service.part(Keys).public())


async def post(request: Request) -> Response:
    """Take in a colleague's sealed queue; a line of answer for each item, in order."""
    service = service_of(request)
    require_head(request, MAX_BYTES, MEDIA_TYPE)
    token = token_of(request)
    (await authenticate(service.pool, token)).require(Action.FILE, service.clock.now())
    raw = await read_body(request, MAX_BYTES, MEDIA_TYPE)
    service.require_writable()
    items = await asyncio.to_thread(open_file, raw, service.part(Keys))
    digest = hash_token(token or "")
    outcomes = await _store_words(service, items, digest)
    return StreamingResponse(_lines(service, items, outcomes, digest, language_of(request.headers)), media_type=NDJSON)


async def _lines(
    service: Service, items: Sequence[Item], outcomes: Sequence[Outcome], token: bytes, language: Language
) -> AsyncIterator[bytes]:
    """The answers as they come: looking at photos takes long, and a phone gives up on what does not move."""
    for number, (item, outcome) in enumerate(zip(items, outcomes, strict=True), start=1):
        told = outcome if item.photo is None else await _photo(service, item.path, item.photo, token)
        # a crash here leaves what came before kept: the file is brought again, and gets the same answers
        yield answer_line(number, _told(told), language)


def _told(outcome: Outcome) -> Outcome:
    """What the carrier learns of an accepted item: that it came, not what it says, for he could not read the file."""
    if not isinstance(outcome, Answer):
        return outcome
    said = json.loads(outcome.body)
    return Answer(outcome.status, json.dumps({name: said[name] for name in TOLD if name in said}).encode())


def open_file(raw: bytes, keys: Keys) -> list[Item]:
    """The items of a sealed file; a Problem that says what to do about one that cannot be opened."""
    *head, armour = raw.replace(b"\r\n", b"\n").split(b"\n", 2)
    if len(head) != 2 or head[0] != FORMAT:
        raise _unreadable("không phải tệp bàn giao của Kỷ Cương", "is no hand-over file of Kỷ Cương")
    try:
        named = parse(head[1])["key"]
        sealed = base64.b64decode(b"".join(armour.split()), validate=True)
    except (BadJson, ValueError, KeyError, TypeError):
        raise _unreadable("tệp bàn giao bị hỏng; hãy tạo lại tệp trên máy gốc", "is damaged; make it again") from None
    key = keys.named(str(named))
    if key is None:
        raise _unreadable(
            "tệp này được mã hóa cho một hệ thống khác; hãy gửi vào đúng hệ thống",
            "was sealed for another installation; send it there",
        )
    try:
        plain = SUITE.decrypt(sealed, key, info=b"\n".join(head) + b"\n")
    except (InvalidTag, ValueError):
        raise _unreadable("tệp bàn giao bị hỏng; hãy tạo lại tệp trên máy gốc", "is damaged; make it again") from None
    return _items(plain)


def _unreadable(vi: str, en: str) -> Problem:
    return invalid("", vi, en)


def _items(plain: bytes) -> list[Item]:
    items: list[Item] = []
    place = 0
    while place < len(plain):
        end = plain.find(b"\n", place)
        end = len(plain) if end < 0 else end
        line, place = plain[place:end], end + 1
        if not line.strip():
            continue
        item, place = _item(line, plain, place)
        items.append(item)
        if len(items) > MAX_LINES:
            raise TooLarge((f"Quá {MAX_LINES} mục; hãy chia nhỏ.", f"More than {MAX_LINES} items; split the file."))
    return items


def _item(line: bytes, plain: bytes, place: int) -> tuple[Item, int]:
    """An item, and where the next one begins: a photo's bytes follow its line."""
    try:
        said = parse(line) if len(line) <= MAX_LINE else None
    except Problem:
        said = None
    path, size = (str(said.get("path")), said.get("bytes")) if isinstance(said, dict) else ("", None)
    if type(size) is not int:
        return Item(line, path, None), place
    return Item(line, path, plain[place : place + max(size, 0)]), place + max(size, 0) + 1


async def _store_words(service: Service, items: Sequence[Item], token: bytes) -> list[Outcome]:
    """The words come first, for photos name findings; what stands in a photo's place means nothing yet."""
    trace = trace_headers()

    def read(item: Item) -> Command | Problem:
        one = read_line(service.nouns, item.line, token, None, trace) if item.photo is None else BadJson()
        if isinstance(one, Command):
            one.handed_over = True
        return one

    return await settle(service, items, read)


async def _photo(service: Service, path: str, raw: bytes, token: bytes) -> Answer | Problem:
    named = _PHOTO.fullmatch(path)
    if named is None:
        return NotFound()
    if len(raw) > MAX_PHOTO_BYTES:
        return TooLarge()
    try:
        command = await photo_upload(token, named[1], named[2]).keeping(service, raw)
        command.handed_over = True
        return await service.batcher.submit(command)
    except Problem as refusal:
        return refusal
