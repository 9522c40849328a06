"""Pages and scripts as they travel: scripts without their comments, under brotli where it is taken, or gzip."""

import gzip
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import brotli
from starlette.responses import Response

from services.kernel.negotiation import coding

# comments, empty lines, and what a line is set in by; minifiers that know no JavaScript of today break nested
# templates. A comment behind code is taken only where no quote follows, so that none is taken for one inside a string.
_WRITTEN_FOR_PEOPLE = re.compile(
    rb"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n|^[ \t]*\n|^[ \t]+|[ \t]+// [^\"`\n]*$",
    re.MULTILINE | re.DOTALL,
)
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": lambda body: gzip.compress(body, mtime=0),
}


@lru_cache(maxsize=256)
def served(path: Path, changed: int) -> bytes:
    """What a file of ours is served as, made once for each change of it: scripts and styles without their comments."""
    body = path.read_bytes()
    return _WRITTEN_FOR_PEOPLE.sub(b"", body) if path.suffix in (".js", ".css") else body


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
