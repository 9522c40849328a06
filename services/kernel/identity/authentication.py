"""Who asks: accounts, sessions and appointments, read fresh from schema `identity` on each request.

Intake writes the schema; every service's app role reads its views and nothing else of intake's.
"""

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from asyncpg import Record
from fastapi import Request

from services.kernel.identity.callers import Caller, Grant, ReadsPublished
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, Unauthorized
from services.kernel.store.db import Connection, Pool
from services.kernel.store.sql import load_queries

COOKIE = "__Host-kycuong"
SCRIPT_HEADER = "X-Kycuong"
READS_PUBLISHED = "published"
READING_PREFIX = f"{READS_PUBLISHED}."
"""Begins a token that reads published editions only; no other has a full stop."""
OWN_FORM = "kycuong.own_form"
"""Of a request's scope: its route has made sure that it is a form of one of our own pages, sent without a script."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_queries = load_queries(Path(__file__).with_name("queries.sql"))


def hash_token(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def token_of(request: Request) -> str | None:
    """The bearer token, or the browser session's; Forbidden for a write that did not come from our own pages.

    A cookie travels with any request a browser is made to send, so an unsafe one must be same-origin
    (`Sec-Fetch-Site`) and carry a header that no form can set; but where a route takes forms, and has looked.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip() or None
    if scheme.lower() == "basic":
        return _password(token)
    cookie = request.cookies.get(COOKIE)
    if cookie is not None and request.method not in _SAFE and OWN_FORM not in request.scope:
        _refuse_foreign(request)
    return cookie


def _password(credentials: str) -> str | None:
    """The password of Basic, if it is a reading token: spreadsheets can send nothing else.

    A browser sends what it was once given with every request that any page makes it send, so no other is taken.
    """
    try:
        password = b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if password.startswith(READING_PREFIX) else None


def _refuse_foreign(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") or SCRIPT_HEADER not in request.headers:
        raise Forbidden((
            "Yêu cầu không đến từ trang của hệ thống; hãy tải lại trang rồi thử lại.",
            "The request did not come from this system's own pages; reload the page and try again.",
        ))  # fmt: skip


async def authenticate(source: Pool | Connection, token: str | None, *, published: bool = False) -> Caller:
    """The caller of a token; Unauthorized when it is missing, unknown, revoked or expired.

    Forbidden for a reading token, but where `published` says that it is about published editions.
    """
    if token is None:
        raise Unauthorized
    digest = hash_token(token)
    callers = await load_callers(source, [digest])
    if digest not in callers:
        raise Unauthorized
    if callers[digest].reads is not None:
        if not published:
            raise ReadsPublished
        await source.execute(_queries.note_reading, digest)
    return callers[digest]


async def load_callers(source: Pool | Connection, digests: Sequence[bytes]) -> dict[bytes, Caller]:
    """The callers of many tokens, by one statement; those not valid now are left out.

    A session's life is measured by the database's clock, so a demo folder's set clock ends nobody's session.
    """
    return callers_of(await source.fetch(_queries.rights_of_tokens, list(set(digests))))


def callers_of(rows: Iterable[Record]) -> dict[bytes, Caller]:
    """The callers that rows of `identity.rights` tell of."""
    sessions: dict[bytes, tuple[str, Literal["bearer", "browser"], datetime, str | None]] = {}
    grants: dict[bytes, list[Grant]] = {}
    posts: dict[bytes, list[Grant]] = {}
    for row in rows:
        digest = row["token_hash"]
        sessions[digest] = (row["account"], row["kind"], row["expires_at"], row["reads"])
        held, heads = grants.setdefault(digest, []), posts.setdefault(digest, [])
        if row["role"] is not None:
            grant = _grant(row)
            if row["carried"]:
                held.append(grant)
            if grant.role is Role.UNIT_HEAD:
                heads.append(grant)
    return {
        digest: Caller(account, kind, expires_at.astimezone(UTC), tuple(grants[digest]), tuple(posts[digest]), reads)
        for digest, (account, kind, expires_at, reads) in sessions.items()
    }


def _grant(row: Record) -> Grant:
    return Grant(Role(row["role"]), row["unit"], row["valid_from"], row["valid_to"])


async def load_accounts(source: Connection, accounts: Sequence[str]) -> dict[str, Caller]:
    """These accounts with all their appointments, as callers without a session; a disabled one has none.

    Reads intake's own tables, so only intake may ask.
    """
    grants: dict[str, list[Grant]] = {account: [] for account in accounts}
    for row in await source.fetch(_queries.rights_of_accounts, list(accounts)):
        grants[row["account"]].append(_grant(row))
    forever = datetime.max.replace(tzinfo=UTC)
    return {
        account: Caller(
            account, "bearer", forever, tuple(held), tuple(one for one in held if one.role is Role.UNIT_HEAD)
        )
        for account, held in grants.items()
    }  # fmt: skip


@dataclass(slots=True)
class Units:
    """A part of the unit tree, as far as reaching goes."""

    parents: dict[str, list[tuple[date, str | None]]]
    """From which day each unit has which parent, in order."""
    heirs: dict[str, list[tuple[date, str]]]

    def parent_of(self, unit: str, day: date) -> str | None:
        """The unit above on a day, or on the unit's nearest day."""
        parents = self.parents.get(unit, [(day, None)])
        return next((parent for since, parent in reversed(parents) if since <= day), parents[0][1])

    def heirs_of(self, unit: str, day: date) -> list[str]:
        """Those to whom the unit's cases have passed by a day."""
        return [heir for since, heir in self.heirs.get(unit, ()) if since <= day]


async def units_near(source: Pool | Connection, unit: str) -> Units:
    """A unit with all that ever was above it or took its cases over, read fresh."""
    near = Units({}, {})
    for row in await source.fetch(_queries.units_near, unit):  # ordered by day
        if row["heir"] is None:
            near.parents.setdefault(row["unit"], []).append((row["valid_from"], row["parent"]))
        else:
            near.heirs.setdefault(row["unit"], []).append((row["valid_from"], row["heir"]))
    return near
