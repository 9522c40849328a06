"""Proofs as JSON, between any two sizes that are signed; which sizes those were, and how the log grew."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.audit.asked import LARGEST, LONGEST_WAIT, UUID, NotCovered, Service
from services.audit.state import State
from services.audit.tree import Source, growth_of, queries, read_tiles
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.roles import PUBLIC, Action, allows
from services.kernel.log import merkle
from services.kernel.log.merkle import NodeAt
from services.kernel.log.tiles import node_in_tiles, tiles_of_ranges
from services.kernel.problems import NotFound, invalid

PAGE = 50
router = APIRouter()


class NotSigned(NotFound):
    """Nhật ký chưa có mốc kiểm chứng (checkpoint) nào được ký đến kích thước này; hãy chọn kích thước nhỏ hơn.

    No checkpoint of this size or more has been signed yet; choose a smaller size.
    """


class Inclusion(BaseModel):
    """That the entry with this leaf hash stands at `index` of the tree of `size`; `proof` leads from leaf to root."""

    index: int
    size: int
    leaf: str
    root: str
    proof: list[str]
    checkpoint: Annotated[str | None, Field(description="the public checkpoint, whole, when it is of this size")]


class Consistency(BaseModel):
    """That the tree of size `to` begins with the whole tree of size `from` (RFC 6962 2.1.2)."""

    from_: Annotated[int, Field(alias="from")]
    to: int
    from_root: str
    to_root: str
    proof: list[str]


class Signed(BaseModel):
    """A signed checkpoint."""

    size: int
    root: str
    signed_at: datetime


class SignedPage(BaseModel):
    """Signed checkpoints, newest first; `next` is the `before` of the following page."""

    items: list[Signed]
    next: int | None


class Point(BaseModel):
    """How large the log was when."""

    size: int
    signed_at: datetime


class Growth(BaseModel):
    """The log's size over time, at most 200 points: between two of them it had at least the earlier one's size."""

    points: list[Point]


async def may_prove(request: Request, service: Service) -> None:
    """Let any signed-in role pass."""
    caller = await authenticate(service.pool, token_of(request))
    caller.require(Action.PROOFS, service.clock.now())


@router.get("/audit/v1/proofs/inclusion", openapi_extra=allows(Action.PROOFS), dependencies=[Depends(may_prove)])
async def inclusion(
    service: Service,
    id: Annotated[str | None, Query(pattern=f"^{UUID}$")] = None,
    index: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    size: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 0,
) -> Inclusion:
    """The proof that an entry, by event id or index, is in the tree of a size: the public checkpoint's by default.

    With an id it waits up to `wait` seconds for a public checkpoint that covers the event.
    """
    index, public = await _place(service, id, index, wait)
    size = public["size"] if size is None else size
    if not await service.published(size):
        raise NotSigned
    if index >= size:
        raise NotCovered
    note = public["note"] if size == public["size"] else None
    return await prove_inclusion(service.pool, index, size, note)


async def _place(service: State, id: str | None, index: int | None, wait: float) -> tuple[int, Any]:
    """The entry's index and the public checkpoint."""
    if (id is None) == (index is None):
        raise invalid("/index", "cần đúng một trong hai: id hoặc index", "give exactly one of id and index")
    if index is not None:
        return index, await service.checkpoint()
    covered = await service.covered(str(id), wait)
    if covered is None:
        raise NotCovered
    return covered


async def prove_inclusion(source: Source, index: int, size: int, note: str | None) -> Inclusion:
    """The path of an entry in the tree of this size, from the stored tiles."""
    path = merkle.inclusion_ranges(index, size)
    node_at = await _nodes(source, [*path, (index, index + 1), (0, size)], size)
    return Inclusion(
        index=index,
        size=size,
        leaf=_b64(node_at(0, index)),
        root=_b64(merkle.range_hash(0, size, node_at)),
        proof=[_b64(node) for node in merkle.inclusion_proof(index, size, node_at)],
        checkpoint=note,
    )


@router.get("/audit/v1/proofs/consistency", openapi_extra=allows(Action.PROOFS), dependencies=[Depends(may_prove)])
async def consistency(
    service: Service,
    from_: Annotated[int, Query(alias="from", ge=0, le=LARGEST)],
    to: Annotated[int | None, Query(ge=0, le=LARGEST)] = None,
) -> Consistency:
    """The proof that the tree of one size extends that of a smaller one; up to the public checkpoint by default."""
    new = (await service.checkpoint())["size"] if to is None else to
    if not await service.published(max(from_, new)):
        raise NotSigned
    if from_ > new:
        raise invalid("/from", f"phải nhỏ hơn hoặc bằng to ({new})", f"must be at most to ({new})")
    return await prove_consistency(service.pool, from_, new)


async def prove_consistency(source: Source, old: int, new: int) -> Consistency:
    """Both roots and the path between them, from the stored tiles of the larger tree."""
    node_at = await _nodes(source, [*merkle.consistency_ranges(old, new), (0, old), (0, new)], new)
    roots = {"from_root": merkle.range_hash(0, old, node_at), "to_root": merkle.range_hash(0, new, node_at)}
    proof = merkle.consistency_proof(old, new, node_at)
    encoded = {name: _b64(root) for name, root in roots.items()} | {"proof": [_b64(node) for node in proof]}
    return Consistency.model_validate({"from": old, "to": new, **encoded})


async def _nodes(source: Source, ranges: Iterable[tuple[int, int]], size: int) -> NodeAt:
    """The nodes of a tree of this size that make up these ranges of leaves."""
    return partial(node_in_tiles, size=size, tiles=await read_tiles(source, tiles_of_ranges(ranges, size)))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@router.get("/audit/v1/checkpoints", openapi_extra=PUBLIC)
async def checkpoints(
    service: Service,
    before: Annotated[int, Query(ge=0, le=LARGEST)] = LARGEST,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> SignedPage:
    """Size, root and time of the signed checkpoints smaller than `before`, newest first."""
    rows = await service.pool.fetch(queries.checkpoints_before, before, limit)
    items = [Signed(size=row["size"], root=_b64(row["root"]), signed_at=row["signed_at"]) for row in rows]
    return SignedPage(items=items, next=items[-1].size if len(items) == limit else None)


@router.get("/audit/v1/growth", openapi_extra=PUBLIC)
async def growth(service: Service) -> Growth:
    """The log's size over time, thinned for a chart."""
    return Growth(points=[Point(size=size, signed_at=signed_at) for signed_at, size in await growth_of(service.pool)])
