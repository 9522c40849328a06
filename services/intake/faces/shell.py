"""The phone form as the phone keeps it: the page without anyone's data, its files, the worker that serves them."""

import asyncio
import json
import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from posixpath import join, normpath

from starlette.requests import Request
from starlette.responses import Response

from services.kernel.identity.roles import MATRIX, Action
from services.kernel.web.packing import pack_response, served
from services.kernel.web.pages import KERNEL, LANGUAGES, Pages, Reader

OWN = Path(__file__).parents[1]
PAGES = Pages(OWN)
FIELD = frozenset(MATRIX[Action.FILE])
NOBODY = Reader("", FIELD)
_FOLDERS = {"/intake/static/": OWN / "static", "/intake/assets/": KERNEL / "static"}
# no pictures: a home screen takes its own once
_NAMED = re.compile(r'(?:src|href)="(/intake/(?:static|assets)/[^"]+)(?<!\.png)"')
_IMPORTED = re.compile(r'(?:\bfrom|\bimport)\s*\(?\s*"(\.{1,2}/[^"]+\.js)"')


async def shell(request: Request) -> Response:
    """The form for whoever holds the phone: its script asks who that is."""
    page = PAGES.render(request, "form.html", reader=NOBODY, path="/intake/")
    return pack_response(page, request.headers.get("accept-encoding", ""))


async def worker() -> Response:
    """The service worker, of a version that any changed file changes."""
    headers = {
        "Cache-Control": "no-cache",
        "Service-Worker-Allowed": "/",
    }  # without a network it answers for every section
    return Response(await asyncio.to_thread(script), media_type="text/javascript", headers=headers)


@lru_cache(maxsize=1)
def script() -> str:
    """The worker's text: its version and the hash of each file it keeps, then what it does."""
    files = {address: f"sha256-{b64encode(sha256(body).digest()).decode()}" for address, body in kept().items()}
    text = (OWN / "static/form/sw.js").read_text()
    text = f"const AWAY = {json.dumps({language: _away(language) for language in LANGUAGES})};\n{text}"
    version = sha256((json.dumps(files, sort_keys=True) + text).encode()).hexdigest()[:16]
    return f'const VERSION = "{version}";\nconst FILES = {json.dumps(files, indent=1)};\n{text}'


def kept() -> dict[str, bytes]:
    """All the phone keeps, by address: the page in both languages, the files it names, and what those import."""
    pages = {f"/intake/shell?lang={language}": _rendered(language) for language in LANGUAGES}
    waiting = {address for page in pages.values() for address in _NAMED.findall(page.decode())}
    files: dict[str, bytes] = {}
    while waiting:
        address = waiting.pop()
        files[address] = _read(address)
        if address.endswith(".js"):
            imported = _IMPORTED.findall(files[address].decode())
            waiting |= {normpath(join(address, "..", name)) for name in imported} - files.keys()
    return pages | dict(sorted(files.items()))


def _rendered(language: str) -> bytes:
    return bytes(PAGES.render(_asking(language), "form.html", reader=NOBODY, path="/intake/").body)


def _away(language: str) -> str:
    """What stands for a section that cannot be reached."""
    return bytes(PAGES.render(_asking(language), "away.html").body).decode()


def _asking(language: str) -> Request:
    query = f"lang={language}".encode()
    scope = {"type": "http", "method": "GET", "path": "/intake/shell", "query_string": query, "headers": []}
    return Request(scope)


def _read(address: str) -> bytes:
    folder, name = next(
        (folder, address.removeprefix(start)) for start, folder in _FOLDERS.items() if address.startswith(start)
    )
    path = folder / name
    return served(path, path.stat().st_mtime_ns)
