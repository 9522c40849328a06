"""One witness as the log sees it: a client of C2SP tlog-witness."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import httpx

from services.kernel.log.cosignature import Cosignature, cosignatures
from services.kernel.log.note import BadNote, Checkpoint, Verifier
from services.kernel.log.witness_policy import Witness

PATIENCE = 2.0  # seconds for one whole answer
MOST_BYTES = 64 * 1024  # of an answer
AHEAD = 3600  # seconds that a witness's clock may be ahead of ours
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""The consistency proof between two sizes of the log."""


class WitnessAway(Exception):
    """The witness gave no cosignature this time; it is asked again."""


class WitnessDiffers(Exception):
    """The witness knows a larger tree of this log, or another one: one of the two histories is false."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A tree that a witness has cosigned; its root where the witness shows it."""

    size: int
    root: bytes | None


class WitnessClient:
    """Asks one witness; remembers between requests how large a tree it has cosigned."""

    def __init__(self, witness: Witness) -> None:
        """ValueError when the policy's URL is none that can be asked."""
        try:
            url = httpx.URL(witness.url or "")
        except httpx.InvalidURL as fault:
            raise ValueError(f"{witness.name}: {witness.url}: {fault}") from fault
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"{witness.name}: không phải URL http(s) / not an http(s) URL: {witness.url}")
        self.name = witness.name
        self.key = witness.key
        self._url = str(url).rstrip("/")
        self._known: int | None = None
        # bytes as they are: what is packed could unpack without end
        self._http = httpx.AsyncClient(trust_env=url.host not in _LOOPBACK, headers={"Accept-Encoding": "identity"})

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def cosign(self, checkpoint: Checkpoint, note: str, prove: Prove) -> Cosignature:
        """The witness's word on a signed checkpoint; WitnessAway or WitnessDiffers."""
        for _ in range(2):
            old = min(self._known or 0, checkpoint.size)
            status, body = await self._submit(old, note, await prove(old, checkpoint.size) if old else [])
            if status == httpx.codes.OK:
                self._known = checkpoint.size
                return self._read(note, body)
            if status != httpx.codes.CONFLICT:
                raise self._refusal(status)
            self._known = _size_of(body)
            if self._known > checkpoint.size:
                raise WitnessDiffers(
                    f"{self.name} has cosigned {self._known} entries, this log signs {checkpoint.size}"
                )
        raise WitnessAway(f"{self.name}: its size changes while it is asked")

    async def shown(self, origin: str, keys: Sequence[Verifier]) -> Seen | None:
        """The tree that the witness shows to everybody, if any; it may be an hour old (tlog-witness). WitnessAway."""
        status, body = await self._answer("GET", f"{sha256(origin.encode()).hexdigest()}/checkpoint")
        if status == httpx.codes.NOT_FOUND:
            return None
        if status != httpx.codes.OK:
            raise WitnessAway(f"{self.name} answers {status} when asked for its checkpoint")
        note = body.decode(errors="replace")
        try:
            checkpoint = Checkpoint.open(note, *keys)
            known = self.key in cosignatures(note, [self.key])
        except BadNote as error:
            raise WitnessAway(f"{self.name} shows a checkpoint that does not hold: {error}") from error
        if not known:
            raise WitnessAway(f"{self.name} shows a checkpoint that it has not cosigned")
        return Seen(checkpoint.size, checkpoint.root)

    async def named(self, size: int, note: str) -> Seen | None:
        """The size that the witness names in its refusal when it is offered this checkpoint as if it knew nothing.

        None when it did know nothing: then it has cosigned this one now. WitnessAway or WitnessDiffers.
        """
        status, body = await self._submit(0, note, [])
        if status == httpx.codes.CONFLICT:
            self._known = _size_of(body)
            return Seen(self._known, None)
        if status != httpx.codes.OK:
            raise self._refusal(status)
        self._known = size
        return None

    async def _submit(self, old: int, note: str, proof: Sequence[bytes]) -> tuple[int, bytes]:
        lines = "".join(f"{base64.b64encode(node).decode()}\n" for node in proof)
        return await self._answer("POST", "add-checkpoint", f"old {old}\n{lines}\n{note}".encode())

    async def _answer(self, method: str, path: str, content: bytes | None = None) -> tuple[int, bytes]:
        """Status and body, both bounded; WitnessAway."""
        body = b""
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._http.stream(method, f"{self._url}/{path}", content=content) as answer,
            ):
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > MOST_BYTES:
                        raise WitnessAway(f"{self.name}: the answer is too long")
        except TimeoutError:
            raise WitnessAway(f"{self.name}: no answer within {PATIENCE:g} s") from None
        except httpx.HTTPError as error:
            raise WitnessAway(f"{self.name}: {type(error).__name__}: {error}") from error
        return answer.status_code, body

    def _read(self, note: str, body: bytes) -> Cosignature:
        """The cosignature in the answer's lines; those of unknown keys are passed over (tlog-witness)."""
        try:
            found = cosignatures(note + body.decode(errors="replace"), [self.key])
        except BadNote as error:
            raise WitnessAway(f"{self.name}: {error}") from error
        if self.key not in found:
            raise WitnessAway(f"{self.name} answers without its cosignature")
        if found[self.key].time > time.time() + AHEAD:
            raise WitnessAway(f"{self.name}: its clock is more than an hour ahead")
        return found[self.key]

    def _refusal(self, status: int) -> Exception:
        """What a status other than 200 and 409 means."""
        if status == httpx.codes.UNPROCESSABLE_ENTITY:
            self._known = None
            return WitnessDiffers(f"{self.name} finds the log inconsistent with what it has cosigned (422)")
        return WitnessAway(f"{self.name} answers {status}")


def _size_of(body: bytes) -> int:
    """The size that a 409 names."""
    match = _SIZE.fullmatch(body)
    if match is None:
        raise WitnessAway("a 409 without a size")
    return int(match[1])
