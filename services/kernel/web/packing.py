"""Answers as they travel: scripts and styles made small under brotli, every other text over 1 kB under gzip."""

import asyncio
import gzip
import re
import secrets
import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import brotli
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.web.bundling import whole
from services.kernel.web.negotiation import coding

_MADE_SMALL = {".js": "text/javascript", ".css": "text/css"}
WORTH = 1024  # bytes: less fits into a packet or two as it is
_LONG = 64 * 1024  # bytes that hold up everybody else while they are packed on the loop
_HUGE = 1024 * 1024
_KEPT = 4  # of the huge ones
_SECRET = secrets.token_bytes(32)
_TEXTS = re.compile(rb"text/(?!event-stream)|application/([a-z.-]+\+)?(json|xml|x-ndjson|javascript|x-javascript)\b")
_NO_CONTENT = (204, 205, 206, 304)
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": lambda body: gzip.compress(body, mtime=0),
}


@lru_cache(maxsize=256)
def served(path: Path, changed: int) -> bytes:
    """What a file of ours is served as, made once for each change of it: without what was written for people."""
    body = whole(path) if path.suffix == ".js" else path.read_bytes()
    return _small(body, _MADE_SMALL[path.suffix]) if path.suffix in _MADE_SMALL else body


def _small(body: bytes, kind: str) -> bytes:
    """The same program in fewer bytes."""
    import minify  # it brings a run-time of its own, which only a process that serves pages needs

    return str(minify.string(kind, body.decode())).encode()


def packed(body: bytes, accept_encoding: str) -> tuple[bytes, dict[str, str]]:
    """The bytes to send with the headers that say how they are packed: plain when packing would not make them fewer."""
    chosen = coding(accept_encoding, tuple(_PACKERS))
    shorter = _pack(body, chosen) if chosen else body
    headers = {"Vary": "Accept-Encoding"}
    return (shorter, headers | {"Content-Encoding": chosen}) if chosen and len(shorter) < len(body) else (body, headers)


@lru_cache(maxsize=512)
def _pack(body: bytes, how: str) -> bytes:
    """Made once for each text: the slowest packing is paid by the first reader only."""
    return _PACKERS[how](body)


def pack_response(response: Response, accept_encoding: str) -> Response:
    """A whole response, packed as its reader takes it."""
    response.body, headers = packed(bytes(response.body), accept_encoding)
    response.headers.update(headers)
    response.headers["Content-Length"] = str(len(response.body))
    return response


class Packing:
    """Packs every text over 1 kB under gzip, whoever answers it; images, tiles and what is packed already pass.

    The length of a packed answer could tell what of it a stranger has guessed (BREACH): so each has a name that no
    reader looks at, of a length that only this process can foretell. What has an ETag has none: it is the same bytes
    everywhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not takes_gzip(scope):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        stream: _Gzip | None = None

        async def packed_send(message: Message) -> None:
            nonlocal held, stream
            if message["type"] == "http.response.start" and _packable(message):
                held = message  # how long the answer is, only its content tells
                return
            if held is not None:
                started, held = held, None
                stream = await _begin(started, message, send)
            elif stream is not None:
                message = {**message, "body": stream.more(message.get("body", b""), message.get("more_body", False))}
            await send(message)

        await self._app(scope, receive, packed_send)


def takes_gzip(scope: Scope) -> bool:
    """Whether the reader of an answer takes it packed."""
    asked = [value for name, value in scope["headers"] if name == b"accept-encoding"]
    return bool(asked) and _gzip_in(b", ".join(asked))


@lru_cache(maxsize=64)
def _gzip_in(accept_encoding: bytes) -> bool:
    """Judged once for each kind of reader."""
    return coding(accept_encoding.decode("latin-1"), ("gzip",)) is not None


def _packable(started: Message) -> bool:
    """Whether an answer is a text that is worth it; how long it is may still be unknown."""
    headers = dict(started.get("headers", ()))
    length = headers.get(b"content-length", b"")
    return (
        not (length.isdigit() and int(length) <= WORTH)
        and started["status"] not in _NO_CONTENT
        and _TEXTS.match(headers.get(b"content-type", b"").lower()) is not None
        and b"content-encoding" not in headers
        and b"no-transform" not in headers.get(b"cache-control", b"")
    )


async def _begin(started: Message, first: Message, send: Send) -> "_Gzip | None":
    """Send the head of an answer whose content begins with `first`, and pack that; None where it stays plain."""
    body, more = first.get("body", b""), first.get("more_body", False)
    if not more and len(body) <= WORTH:
        await send(started)
        return None
    tag = next((value for name, value in started["headers"] if name == b"etag"), b"")
    if len(body) > _HUGE and not more:
        stream, packed = None, await _huge(body, tagged=bool(tag))
    else:
        stream = _Gzip(len(body), b"" if tag else _padding(body))
        packed = await asyncio.to_thread(stream.more, body, more) if len(body) > _LONG else stream.more(body, more)
    first["body"] = packed
    headers = [pair for pair in started["headers"] if pair[0] not in (b"content-length", b"etag")]
    headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    if tag:
        headers.append((b"etag", tag[:-1] + b'.gz"'))
    if not more:
        headers.append((b"content-length", str(len(packed)).encode()))
    await send({**started, "headers": headers})
    return stream


_kept: OrderedDict[tuple[bytes, bool], bytes] = OrderedDict()


async def _huge(body: bytes, *, tagged: bool) -> bytes:
    """An answer that is sent again and again; the same object is found without being read once more."""
    if (body, tagged) not in _kept:
        _kept[body, tagged] = await asyncio.to_thread(gzipped, body, tagged=tagged)
    _kept.move_to_end((body, tagged))
    while len(_kept) > _KEPT:
        _kept.popitem(last=False)
    return _kept[body, tagged]


def gzipped(body: bytes, *, tagged: bool = False) -> bytes:
    """A whole answer as it travels."""
    return _Gzip(len(body), b"" if tagged else _padding(body)).more(body, False)


def _padding(body: bytes) -> bytes:
    """A file name of 1 to 64 bytes; the same content gets the same one, so that asking again averages nothing out."""
    return b"-" * (1 + blake2b(body, key=_SECRET, digest_size=1).digest()[0] % 64) + b"\0"


class _Gzip:
    """A gzip file (RFC 1952) in pieces, each of which its reader can unpack as it comes."""

    def __init__(self, length: int, name: bytes) -> None:
        window = 11 if length < 4 * WORTH else 15  # a small one is made five times as fast
        level = 5 if 4 * WORTH < length < _HUGE else 1  # a huge one twice as fast, and hardly longer for it
        self._packer = zlib.compressobj(level, zlib.DEFLATED, -window, window - 6)
        self._head = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + bytes(5) + b"\xff" + name
        self._sum = self._length = 0

    def more(self, body: bytes, further: bool) -> bytes:
        """The next piece, and with the last one the end."""
        self._sum, self._length = zlib.crc32(body, self._sum), self._length + len(body)
        head, self._head = self._head, b""
        piece = head + self._packer.compress(body)
        if further:
            return piece + self._packer.flush(zlib.Z_SYNC_FLUSH)
        return piece + self._packer.flush() + struct.pack("<II", self._sum, self._length & 0xFFFFFFFF)
