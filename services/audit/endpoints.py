"""The log over HTTP: C2SP tlog-tiles, receipts, single entries."""

from __future__ import annotations

import gzip
import re
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from services.audit import scope
from services.audit.asked import LONGEST_WAIT, UUID, NotCovered, Service
from services.audit.erasure import erasures_of
from services.audit.slip import slip
from services.audit.state import State
from services.audit.tree import queries, read_bundle, read_tile
from services.kernel.health import healthz, readiness
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.log.tiles import MAX_LEVEL, TILE_HEIGHT, TILE_WIDTH, BadTile, Tile, parse_coordinate
from services.kernel.problems import NotFound, Problem
from services.kernel.store.db import snapshot
from services.kernel.web.negotiation import coding, unchanged, wants_page

FOREVER = "max-age=31536000, immutable"
_GZIP_LEVEL = 3
_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_NO_TILE: dict[int | str, dict[str, Any]] = {400: {"description": "The path names no tile", **_PROBLEM}}
_NOT_YET: dict[int | str, dict[str, Any]] = {503: {"description": "Nothing is signed yet", **_PROBLEM}}
_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "The reader holds it already"}}
_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready, and why"}}
router = APIRouter()


class Octets(Response):
    """Bytes that only a program reads."""

    media_type = "application/octet-stream"


class BadTilePath(Problem):
    """Đường dẫn này không phải là ô (tile) của nhật ký; ví dụ đúng: tile/0/x001/067 hoặc tile/entries/000.p/5.

    This path names no tile of the log; right ones look like tile/0/x001/067 or tile/entries/000.p/5.
    """

    status, slug = 400, "bad-tile-path"


@router.get(
    "/audit/checkpoint", openapi_extra=PUBLIC, response_class=PlainTextResponse, responses={**_SAME, **_NOT_YET}
)
async def checkpoint(request: Request, service: Service) -> Response:
    """The public checkpoint (C2SP tlog-checkpoint), with the cosignatures of its witnesses."""
    note: str = (await service.checkpoint())["note"]
    headers = {"Cache-Control": "no-store", "ETag": f'"{sha256(note.encode()).hexdigest()[:32]}"'}
    if _holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return PlainTextResponse(note, headers=headers)


@router.get(
    "/audit/v1/checkpoint", openapi_extra=allows(Action.ENTRIES), response_class=PlainTextResponse, responses=_NOT_YET
)
async def signed_checkpoint(request: Request, service: Service) -> Response:
    """The newest signed checkpoint, whether or not the witnesses have seen it: what the services themselves read by."""
    await service.may_read_bundles(request)
    return PlainTextResponse((await service.signed_checkpoint())["note"], headers={"Cache-Control": "no-store"})


@router.get("/audit/vkey", openapi_extra=PUBLIC, response_class=PlainTextResponse)
async def vkey(service: Service) -> Response:
    """The note verifier key of the log, one line; during a rotation the older one."""
    return PlainTextResponse(service.keys.vkey + "\n", headers={"Cache-Control": "no-cache"})


@router.get("/audit/v1/keys", openapi_extra=PUBLIC)
async def keys(service: Service) -> dict[str, list[str]]:
    """The verifier keys of all that sign now, oldest first, and of all that ever signed."""
    signing = [signer.vkey for signer in service.keys.signers]
    return {"signing": signing, "known": [verifier.vkey for verifier in service.keys.verifiers]}


@router.get(
    "/audit/tile/entries/{coordinate:path}",
    openapi_extra=allows(Action.ENTRIES),
    response_class=Octets,
    responses={**_SAME, **_NO_TILE},
)
async def entry_bundle(coordinate: str, request: Request, service: Service) -> Response:
    """An entry bundle: whole (256 entries) or partial (`.p/<width>`); gzip if asked for."""
    await service.may_read_bundles(request)
    n, width = _parse(coordinate)
    if not await service.published(n * TILE_WIDTH + width):
        raise NotFound
    packed = coding(_header(request, "accept-encoding"), ("gzip",)) is not None
    audience = "public" if service.settings.log_public_entries else "private"
    headers = _headers(service, f"entries.{n}.{width}{'.gz' if packed else ''}", width, audience)
    headers["Vary"] = "Accept-Encoding"
    if _holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    bundle = await read_bundle(service.pool, n, width)
    if packed:
        return _octets(bundle and gzip.compress(bundle, _GZIP_LEVEL, mtime=0), headers | {"Content-Encoding": "gzip"})
    return _octets(bundle, headers)


@router.get(
    "/audit/tile/{level}/{coordinate:path}",
    openapi_extra=PUBLIC,
    response_class=Octets,
    responses={**_SAME, **_NO_TILE},
)
async def hash_tile(level: str, coordinate: str, request: Request, service: Service) -> Response:
    """A hash tile: full (256 hashes, as stored) or partial (`.p/<width>`). Hashes do not compress."""
    if not re.fullmatch("0|[1-9][0-9]?", level) or int(level) > MAX_LEVEL:
        raise BadTilePath
    n, width = _parse(coordinate)
    if not await service.published((n * TILE_WIDTH + width) << (TILE_HEIGHT * int(level))):
        raise NotFound
    headers = _headers(service, f"{level}.{n}.{width}", width, "public")
    if _holds(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return _octets(await read_tile(service.pool, Tile(int(level), n, width)), headers)


def _parse(coordinate: str) -> tuple[int, int]:
    try:
        return parse_coordinate(coordinate)
    except BadTile:
        raise BadTilePath from None


def _header(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))


def _holds(request: Request, etag: str) -> bool:
    return unchanged(_header(request, "if-none-match"), etag)


def _headers(service: State, place: str, width: int, audience: str) -> dict[str, str]:
    """A log never changes what lies at a place, so the place is its strong ETag: nothing is hashed on the way.

    What is full may be cached for ever; what still grows may not.
    """
    caching = f"{audience}, {FOREVER}" if width == TILE_WIDTH else "no-store"
    return {"ETag": f'"{_log_tag(service.settings.origin)}.{place}"', "Cache-Control": caching}


@cache
def _log_tag(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()[:8]


def _octets(body: bytes | None, headers: dict[str, str]) -> Response:
    if body is None:
        raise NotFound
    return Octets(body, headers=headers)


@router.get("/audit/v1/receipts/{event_id}", openapi_extra=allows(Action.PROOFS), response_class=PlainTextResponse)
async def receipt(
    event_id: str,
    request: Request,
    service: Service,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
    format: Annotated[Literal["text"] | None, Query(description="text: the proof, whatever `Accept` says")] = None,
) -> Response:
    """The proof that an event is in the log (C2SP tlog-proof), waiting up to `wait` seconds; a page for a browser."""
    caller = await authenticate(service.pool, token_of(request))
    caller.require(Action.PROOFS, service.clock.now())
    found = await service.receipt(_event_id(event_id), wait)
    if found is None:
        raise NotCovered
    if format is None and wants_page(_header(request, "accept")):
        return await slip(request, service, caller, event_id, found)
    return PlainTextResponse(found.text(), headers={"Cache-Control": "private, no-cache", "Vary": "Accept"})


@router.get("/audit/v1/entries/{event_id}", openapi_extra=allows(Action.ENTRY))
async def entry(event_id: str, request: Request, service: Service) -> Response:
    """The exact bytes of one event, for whoever may read what it is about; `X-Log-Erased` names parts erased since."""
    now = service.clock.now()
    async with snapshot(service.pool) as connection:
        caller = await authenticate(connection, token_of(request))
        caller.require(Action.ENTRY, now)
        row = await connection.fetchrow(queries.entry_by_id, _event_id(event_id))
        if row is None or not await scope.may_read(connection, caller, row, now):
            raise NotFound
        erasures = await erasures_of(connection, row)
    headers = {"Cache-Control": "private, no-cache", "X-Log-Index": str(row["idx"])}
    if erased := sorted({part for erasure in erasures for part in erasure.parts}):
        headers["X-Log-Erased"] = ",".join(erased)
    return Response(row["bytes"], media_type="application/json", headers=headers)


def _event_id(text: str) -> str:
    if not re.fullmatch(UUID, text):
        raise NotFound
    return text


router.get("/audit/healthz", openapi_extra=PUBLIC)(healthz)


@router.get("/audit/readyz", openapi_extra=PUBLIC, responses=_NOT_READY)
async def readyz(service: Service) -> JSONResponse:
    """The database is reachable and migrated, and the log's loop is alive."""
    return readiness(await service.unready())
