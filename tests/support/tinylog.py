"""A small tlog-tiles log in memory, served over real HTTP, that can be away, forget partial tiles, and lie."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.kernel.log.merkle import CompactRange, leaf_hash, perfect_root
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import TILE_WIDTH, encode_bundle, parse_coordinate, width_at
from services.kernel.streams import Record

TOKEN = "read-me"


class TinyLog:
    """Entries, a key, and the server's moods."""

    def __init__(self) -> None:
        self.signer = Signer.generate("kycuong.test/log")
        self.entries: list[bytes] = []
        self.url = ""
        self.away = False
        self.partial = True
        self.lies: dict[int, bytes] = {}
        self.asked: Counter[str] = Counter()
        self._tree = CompactRange()
        self._hashes: list[bytes] = []

    def grow(self, count: int) -> list[bytes]:
        """Append so many entries; returns them."""
        fresh = [b'{"n":%d}' % n for n in range(len(self.entries), len(self.entries) + count)]
        hashes = [leaf_hash(entry) for entry in fresh]
        self.entries += fresh
        self._hashes += hashes
        self._tree.extend(hashes)
        return fresh

    def note(self, root: bytes | None = None, signer: Signer | None = None) -> str:
        """The signed checkpoint of the present size."""
        checkpoint = Checkpoint(self.signer.name, len(self.entries), root or self._tree.root())
        return (signer or self.signer).sign(checkpoint.text())

    def records(self, first: int, end: int) -> list[Record]:
        """Entries as they stand on the stream."""
        return [
            Record("u", self.entries[n], {"kind": "entry", "index": str(n), "traceparent": f"trace-{n}"})
            for n in range(first, end)
        ]

    def signed(self) -> Record:
        """The checkpoint as it stands on the stream."""
        return Record("-", self.note().encode(), {"kind": "checkpoint"})

    def app(self) -> Starlette:
        """What is served below /audit/."""
        return Starlette(routes=[Route("/audit/{path:path}", self._serve)])

    async def _serve(self, request: Request) -> Response:
        path = request.path_params["path"].removeprefix("v1/")
        kind = path.partition("/")[0] if not path.startswith("tile/entries/") else "entries"
        self.asked[kind] += 1
        if self.away:
            return Response(status_code=503)
        if kind == "entries" and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        body = self._body(kind, path)
        return Response(status_code=404) if body is None else Response(body)

    def _body(self, kind: str, path: str) -> bytes | None:
        if kind == "checkpoint":
            return self.note().encode()
        if kind == "vkey":
            return self.signer.vkey.encode() + b"\n"
        level = 0 if kind == "entries" else int(path.split("/")[1])
        n, width = parse_coordinate(path.split("/", 2)[2])
        if width > width_at(level, n, len(self.entries)) or (width < TILE_WIDTH and not self.partial):
            return None
        places = range(n * TILE_WIDTH, n * TILE_WIDTH + width)
        if kind == "entries":
            return encode_bundle(self.lies.get(place, self.entries[place]) for place in places)
        size = 1 << 8 * level
        return b"".join(perfect_root(self._hashes[place * size : (place + 1) * size]) for place in places)


@asynccontextmanager
async def serving(log: TinyLog) -> AsyncIterator[TinyLog]:
    """The log on a port of 127.0.0.1."""
    server = uvicorn.Server(uvicorn.Config(log.app(), host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        log.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
        yield log
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await running
