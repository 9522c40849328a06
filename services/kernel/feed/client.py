"""Reads a tlog-tiles log over HTTP: checkpoint, entries, and the proof that a tree is a prefix of a signed one."""

import asyncio
import json
import logging
import ssl
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import httpx

from services.kernel.log.merkle import (
    CompactRange,
    consistency_ranges,
    range_hash,
    verify_consistency,
)
from services.kernel.log.note import BadNote, Checkpoint, Verifier
from services.kernel.log.tiles import (
    TILE_WIDTH,
    BadTile,
    Tile,
    bundle_path,
    decode_bundle,
    node_in_tiles,
    tiles_of_ranges,
    width_at,
)
from services.kernel.process.folder import Folder, make_once
from services.kernel.process.pauses import pauses

AT_ONCE = 8  # requests
_PATIENCE = 10.0  # seconds
log = logging.getLogger(__name__)

Keys = Callable[[], Sequence[Verifier]]
"""The keys by which a reader trusts the log, asked for at each checkpoint: they are rotated while it reads."""


@cache
def _authorities() -> ssl.SSLContext:
    """Whom TLS trusts, read once: it takes the loop tens of milliseconds, and a log may be asked for often."""
    return httpx.create_ssl_context(trust_env=False)


def trusted(audit_url: str) -> ssl.SSLContext | bool:
    """Whom TLS trusts on the way to a log; nobody is asked where none is spoken."""
    return False if httpx.URL(audit_url).scheme == "http" else _authorities()


class LogUnreachable(Exception):
    """Nhật ký chưa đọc được qua HTTP; hãy thử lại.

    The log cannot be read over HTTP just now; try again.
    """


class OtherLog(Exception):
    """The keys are of another log than the folder's: whatever is written from here would be refused for good."""

    def __init__(self, origin: str, found: str) -> None:
        self.words = (
            f"Thư mục dữ liệu ghi nhật ký {origin} (log/origin), còn nhật ký ở KYCUONG_AUDIT_URL là {found}; người vận "
            "hành cần đặt lại đúng thư mục log/, hoặc đúng địa chỉ, rồi khởi động lại. Hãy giữ lại và gửi lại sau.",
            f"The data folder is of the log {origin} (log/origin), and the log at KYCUONG_AUDIT_URL is {found}; the "
            "operator has to put the right folder log/ back, or the right address, and start again. Keep the item and "
            "send it again later.",
        )
        super().__init__(" / ".join(self.words))


class LogClient:
    """One log, read with the installation's read token."""

    def __init__(self, audit_url: str, read_token: str, keys: Keys, http: httpx.AsyncClient | None = None) -> None:
        self._base = f"{audit_url}audit/"
        self._bearer = {"Authorization": f"Bearer {read_token}"}
        self._keys = keys
        self._http = http or httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, verify=trusted(audit_url))
        self._lanes = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def checkpoint(self) -> Checkpoint:
        """The newest signed checkpoint, whatever the witnesses say; raises BadNote when it is not the log's."""
        return Checkpoint.open((await self._get("v1/checkpoint")).decode(errors="replace"), *self._keys())

    async def entries(self, first: int, end: int, size: int) -> list[bytes]:
        """Entries [first, end) of a tree of `size`, by bundles, several at a time."""
        numbers = range(first // TILE_WIDTH, -(-end // TILE_WIDTH))
        bundles = await asyncio.gather(*(self._bundle(n, size) for n in numbers))
        entries = [entry for bundle in bundles for entry in bundle]
        start = first - numbers.start * TILE_WIDTH
        return entries[start : start + end - first]

    async def receipt(self, event_id: str, token: str) -> str | None:
        """An entry's receipt (tlog-proof) as whoever holds this token gets it; None before a checkpoint covers it."""
        found = await self._try(f"v1/receipts/{event_id}?format=text", {"Authorization": f"Bearer {token}"})
        return None if found is None else found.decode()

    async def told(self, event_id: str, token: str, wait: float) -> bytes | None:
        """An entry's bytes, once a checkpoint covers it, to whoever may ask for its receipt; None if none does by then.

        `wait` is in seconds.
        """
        receipt = await self._try(
            f"v1/receipts/{event_id}?format=text&wait={wait:g}", {"Authorization": f"Bearer {token}"}
        )
        if receipt is None:
            return None
        head, _, note = receipt.decode().partition("\n\n")
        index, size = int(head.split("\n")[1].removeprefix("index ")), int(note.split("\n")[1])
        [entry] = await self.entries(index, index + 1, size)
        return entry

    async def signed(self, size: int) -> bytes | None:
        """The root of the checkpoint of exactly this size; None when none was signed."""
        page = json.loads(await self._get(f"v1/checkpoints?before={size + 1}&limit=1"))
        found = next(iter(page["items"]), None)
        return b64decode(found["root"]) if found and found["size"] == size else None

    async def _bundle(self, n: int, size: int) -> list[bytes]:
        width = width_at(0, n, size)
        raw = await self._get_partial(bundle_path(n, width), bundle_path(n))
        try:
            entries = decode_bundle(raw)
        except BadTile as error:
            raise LogUnreachable(f"bundle {n}: {error}") from error
        if len(entries) < width:
            raise LogUnreachable(f"bundle {n} holds {len(entries)} entries of {width}")
        return entries[:width]

    async def prove_prefix(self, tree: CompactRange, checkpoint: Checkpoint) -> None:
        """Check that a tree is the signed one or a prefix of it; raises BadProof."""
        ranges = consistency_ranges(tree.size, checkpoint.size)
        wanted = sorted(tiles_of_ranges(ranges, checkpoint.size))
        tiles = dict(zip(wanted, await asyncio.gather(*map(self._tile, wanted)), strict=True))
        try:
            proof = [
                range_hash(start, end, lambda level, index: node_in_tiles(level, index, checkpoint.size, tiles))
                for start, end in ranges
            ]
        except (BadTile, ValueError) as error:
            raise LogUnreachable(f"hash tiles: {error}") from error
        verify_consistency(tree.size, checkpoint.size, tree.root(), checkpoint.root, proof)

    async def _tile(self, tile: Tile) -> bytes:
        return await self._get_partial(tile.path, Tile(tile.level, tile.n).path)

    async def _get_partial(self, partial: str, full: str) -> bytes:
        """A partial tile, or the full one that has replaced it since."""
        found = await self._try(partial)
        if found is None and partial != full:
            found = await self._try(full)
        if found is None:
            raise LogUnreachable(f"{partial}: not found")
        return found

    async def _get(self, path: str) -> bytes:
        found = await self._try(path)
        if found is None:
            raise LogUnreachable(f"{path}: not found")
        return found

    async def _try(self, path: str, headers: Mapping[str, str] | None = None) -> bytes | None:
        async with self._lanes:
            try:
                answer = await self._http.get(self._base + path, headers=headers or self._bearer)
            except (httpx.HTTPError, OSError) as error:
                raise LogUnreachable(f"{path}: {type(error).__name__}: {error}") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise LogUnreachable(f"{path}: status {answer.status_code}")
        return answer.content


async def find_keys(folder: Folder, audit_url: str, http: httpx.AsyncClient | None = None) -> Keys:
    """The log's keys: the folder's, else the log's own answer, trusted this once and kept; waits for either."""
    pause = pauses(0.25, 2)
    while await first_key(folder, audit_url, http) is None:  # noqa: ASYNC110 - it is another process that makes it
        await asyncio.sleep(next(pause))
    return lambda: [Verifier.parse(line) for line in folder.vkeys()]


async def first_key(folder: Folder, audit_url: str, http: httpx.AsyncClient | None = None) -> str | None:
    """The log's key as `find_keys` finds it; None while the folder has none and the log does not answer.

    OtherLog when it is not of the log that the folder names: it is not kept then.
    """
    if (kept := folder.vkey()) is not None:
        return _own(folder, kept)
    client = http or httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, verify=trusted(audit_url))
    try:
        told = await _ask_for_key(client, audit_url)
    finally:
        if http is None:
            await client.aclose()
    return told and make_once(folder.log_dir / "vkey", _own(folder, told) + "\n", 0o644).strip()


def _own(folder: Folder, vkey: str) -> str:
    origin, found = folder.known_origin(), Verifier.parse(vkey).name
    if origin not in (None, found):
        raise OtherLog(str(origin), found)
    return vkey


async def _ask_for_key(client: httpx.AsyncClient, audit_url: str) -> str | None:
    try:
        answer = await client.get(f"{audit_url}audit/vkey")
        if answer.status_code != httpx.codes.OK:
            return None
        return Verifier.parse(answer.text.strip()).vkey
    except (httpx.HTTPError, OSError, BadNote) as error:
        log.info("the log's key is not known yet: %s: %s", type(error).__name__, error)
        return None
