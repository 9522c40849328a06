"""A small C2SP witness over real HTTP, with a key and a memory on disk, that can be away, slow, or of another mind."""

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.kernel.log.cosignature import COSIGNATURE, Cosigner, cosigned_message
from services.kernel.log.merkle import BadProof, verify_consistency
from services.kernel.log.note import BadNote, Checkpoint, Verifier, note_line, open_note, split_note, vkey_text
from services.kernel.process.folder import write_durably


class TestWitness:
    """Trusts the keys it is told of; checks, persists, then answers (tlog-witness)."""

    __test__ = False

    def __init__(self, name: str, place: Path, *trusted: Verifier, shows: bool = True) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.name = name
        self.key = Cosigner.parse(vkey_text(name, bytes([COSIGNATURE]) + self._key.public_key().public_bytes_raw()))
        self.trusted = list(trusted)
        self.url = ""
        self.away = False
        self.free = asyncio.Event()
        """Cleared: it takes questions, and answers once it is set."""
        self.free.set()
        self.ahead = 0
        self.shows = shows
        self.says: Callable[[str], Response] | None = None
        """What it answers to a checkpoint instead of judging it."""
        self.asked = 0
        self._place = place
        self._lock = asyncio.Lock()

    @property
    def line(self) -> str:
        """Its line in a policy."""
        return f"witness {self.name} {self.key.vkey} {self.url}"

    def kept(self, origin: str) -> tuple[int, bytes, str] | None:
        """Size, root and cosigned note it keeps of a log."""
        if not self._place.exists():
            return None
        found = json.loads(self._place.read_text()).get(origin)
        return (found["size"], base64.b64decode(found["root"]), found["note"]) if found else None

    def app(self) -> Starlette:
        """What is served."""
        return Starlette(
            routes=[
                Route("/add-checkpoint", self._add, methods=["POST"]),
                Route("/{origin}/checkpoint", self._show),
            ]
        )

    async def _show(self, request: Request) -> Response:
        for verifier in self.trusted:
            if sha256(verifier.name.encode()).hexdigest() == request.path_params["origin"] and self.shows:
                kept = self.kept(verifier.name)
                if kept is not None:
                    return Response(kept[2], media_type="text/plain")
        return Response(status_code=404)

    async def _add(self, request: Request) -> Response:
        self.asked += 1
        await self.free.wait()
        if self.away:
            return Response(status_code=503)
        if self.says is not None:
            return self.says((await request.body()).decode().partition("\n\n")[2])
        async with self._lock:
            return self._judge((await request.body()).decode())

    def _judge(self, body: str) -> Response:
        head, _, note = body.partition("\n\n")
        old_line, *proof = head.split("\n")
        old = int(old_line.removeprefix("old "))
        origin = note.split("\n", 1)[0]
        keys = [verifier for verifier in self.trusted if verifier.name == origin]
        if not keys:
            return Response(status_code=404)
        try:
            checkpoint = Checkpoint.parse(open_note(note, keys))
        except BadNote:
            return Response(status_code=403)
        if old > checkpoint.size:
            return Response(status_code=400)
        size, root, _ = self.kept(origin) or (0, b"", "")
        if old != size:
            return Response(f"{size}\n", status_code=409, media_type="text/x.tlog.size")
        try:
            if old:
                path = [base64.b64decode(line) for line in proof if line]
                verify_consistency(old, checkpoint.size, root, checkpoint.root, path)
            elif any(proof):
                raise BadProof("a proof from nothing")
        except BadProof:
            return Response(status_code=422)
        return self._cosign(origin, checkpoint, note)

    def word(self, text: str) -> str:
        """Its signature line over a checkpoint's text."""
        now = int(time.time()) + self.ahead
        return note_line(self.name, self.key.key_id + now.to_bytes(8) + self._key.sign(cosigned_message(text, now)))

    def _cosign(self, origin: str, checkpoint: Checkpoint, note: str) -> Response:
        line = self.word(split_note(note)[0])
        kept = json.loads(self._place.read_text()) if self._place.exists() else {}
        root = base64.b64encode(checkpoint.root).decode()
        kept[origin] = {"size": checkpoint.size, "root": root, "note": note + line}
        write_durably(self._place, json.dumps(kept), 0o600)
        return Response(line, media_type="text/plain")


@asynccontextmanager
async def witnessing(*witnesses: TestWitness) -> AsyncIterator[None]:
    """The witnesses, each on a port of 127.0.0.1."""
    servers = [
        uvicorn.Server(uvicorn.Config(each.app(), host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
        for each in witnesses
    ]
    running = [asyncio.create_task(server.serve()) for server in servers]
    try:
        for server, witness in zip(servers, witnesses, strict=True):
            while not server.started:
                await asyncio.sleep(0.01)
            witness.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield
    finally:
        for server in servers:
            server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running)


@contextmanager
def witnessing_apart(*witnesses: TestWitness) -> Iterator[None]:
    """The witnesses, in a thread of their own."""
    started, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with witnessing(*witnesses):
            started.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(60)
        yield
    finally:
        over.set()
        thread.join(60)
