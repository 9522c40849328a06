"""What the endpoints and pages read: one snapshot an answer, which names the log prefix it stands at."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.kernel.identity.callers import Grant
from services.kernel.problems import NotFound, invalid
from services.kernel.process.clock import Clock
from services.kernel.quarters import local_date, parse_instant, quarter_days, quarter_name, quarter_of, rfc3339
from services.kernel.store.db import Connection, Pool
from services.reports.facts import store
from services.reports.fold.fold import Reference, load_reference
from services.reports.fold.live import render
from services.reports.scoring.cards import TreeHead, UnitQuarter, dump, summary, with_log

LIVE = "live"
_LATEST = ("9", "ffffffff-ffff-ffff-ffff-ffffffffffff")
_KEPT_QUARTERS = 16
_UNIT = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a caller sees: the units he is appointed to, None for the whole province."""

    posts: frozenset[str] | None

    @classmethod
    def of(cls, grants: Collection[Grant]) -> Scope:
        """The scope of appointments."""
        posts = frozenset(grant.unit for grant in grants if grant.unit is not None)
        return cls(None if any(grant.unit is None for grant in grants) else posts)

    def sees(self, readers: frozenset[str]) -> bool:
        """Whether a card or alert with these readers is in scope."""
        return self.posts is None or not self.posts.isdisjoint(readers)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent reading of the projections."""

    connection: Connection
    head: TreeHead
    reference: Reference
    today: date


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen edition; `published_at` is None while it is closed, `refused` once a root not its own was published."""

    quarter: str
    kind: str
    closing: str
    head: TreeHead
    cards_root: str
    published_at: str | None
    refused: bool

    def json(self) -> dict[str, Any]:
        """As the list of editions shows it."""
        return {
            "quarter": self.quarter, "edition": self.kind, "closing": self.closing, "log": self.head.json(),
            "cards_root": self.cards_root, "published_at": self.published_at,
            "refused": self.refused and self.published_at is None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """A quarter's list: rows as JSON text by unit, with what heads the answer."""

    quarter: str
    edition: str
    rules: str | None
    head: TreeHead
    rows: Mapping[str, str]
    frozen: Frozen | None = None

    @property
    def cards_root(self) -> str | None:
        """The root over a frozen edition's cards."""
        return self.frozen.cards_root if self.frozen else None

    def text(self) -> str:
        """The answer of wire.md, without parsing a row."""
        top: dict[str, Any] = {"quarter": self.quarter, "edition": self.edition, "rules": self.rules}
        top["log"] = self.head.json()
        if self.frozen is not None:
            top |= {
                "cards_root": self.frozen.cards_root, "closing": self.frozen.closing,
                "published_at": self.frozen.published_at,
            }  # fmt: skip
        return f'{dump(top)[:-1]},"cards":[{",".join(self.rows.values())}],"next":null}}'

    def parsed(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return list(json.loads(f"[{','.join(self.rows.values())}]"))


@dataclass(frozen=True, slots=True)
class Reply:
    """Of an alert: whether the reader replies for its unit, and whether a finding of it can still be replied to."""

    own: bool
    open: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A unit in a quarter's list: its group, who may read its card, and its row when nothing is known of it."""

    group: str
    readers: frozenset[str]
    row: str


class Reader:
    """Reads the projections; keeps the directory and what follows from it alone between answers."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._reference: Reference | None = None
        self._places: dict[tuple[int, date, str], dict[str, _Place]] = {}
        self._holders: tuple[int, date, dict[str, frozenset[str]]] | None = None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """A read-only transaction in which head, directory and cards agree."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(store.queries.head)
            reference = await self._known(connection, row["reference_index"])
            yield Snapshot(connection, _tree_head(row), reference, local_date(self._clock.now()))

    async def _known(self, connection: Connection, index: int) -> Reference:
        known = self._reference
        if known is None or known.index != index:
            known = self._reference = await load_reference(connection)
        return known

    async def listing(self, quarter: str, scope: Scope, group: str | None = None) -> Listing:
        """A quarter's live list, as far as the scope reaches; units without inspections as insufficient."""
        self._check_begun(quarter)
        async with self.snapshot() as snapshot:
            stored = {row["unit"]: row["row"] for row in await snapshot.connection.fetch(_q.card_rows, quarter)}
        rows = {
            unit: stored.get(unit, place.row)
            for unit, place in self._list(snapshot, quarter, stored).items()
            if (group is None or place.group == group) and scope.sees(place.readers)
        }
        rules = snapshot.reference.rulebook.rules(quarter)
        return Listing(quarter, LIVE, rules.version if rules else None, snapshot.head, rows)

    def _check_begun(self, quarter: str) -> None:
        """NotFound when a path names no quarter, or one that lies in the future."""
        check_quarter(quarter)
        if quarter > quarter_of(local_date(self._clock.now())):
            raise NotFound((f"{quarter_name(quarter)} chưa bắt đầu.", f"{quarter_name(quarter, 'en')} has not begun."))

    def _list(self, snapshot: Snapshot, quarter: str, stored: Iterable[str]) -> dict[str, _Place]:
        """Every unit of a quarter's list, in order."""
        units = set(snapshot.reference.directory.units_in(quarter)).union(stored)
        key = (snapshot.reference.index, snapshot.today, quarter)
        kept = self._places.get(key)
        if kept is None or kept.keys() != units:
            while len(self._places) >= _KEPT_QUARTERS:
                self._places.pop(next(iter(self._places)))
            kept = self._places[key] = {unit: _place(snapshot, quarter, unit) for unit in sorted(units)}
        return kept

    def _answering(self, snapshot: Snapshot) -> dict[str, frozenset[str]]:
        """Of every unit the posts that answer for it today."""
        reference, today = snapshot.reference, snapshot.today
        if self._holders is None or self._holders[:2] != (reference.index, today):
            directory = reference.directory
            self._holders = (reference.index, today, {unit: directory.holders(unit, today) for unit in directory})
        return self._holders[2]

    async def card(self, quarter: str, unit: str, scope: Scope) -> dict[str, Any]:
        """A unit's live card; NotFound when the quarter has no such unit or it is out of scope."""
        self._check_begun(quarter)
        check_unit(unit)
        async with self.snapshot() as snapshot:
            body = await snapshot.connection.fetchval(_q.card, quarter, unit)
        directory = snapshot.reference.directory
        known = unit in directory and (body is not None or unit in directory.units_in(quarter))
        if not known or not scope.sees(directory.card_readers(unit, quarter, snapshot.today)):
            raise NotFound
        if body is not None:
            return with_log(json.loads(body), snapshot.head)
        blank = render(UnitQuarter(unit, quarter), directory, snapshot.reference.rulebook)
        return with_log(blank, snapshot.head)

    async def frozen_listing(
        self, quarter: str, edition: str, group: str | None = None, *, reviewer: bool = True
    ) -> Listing:
        """A frozen edition's list; NotFound when the quarter was not closed so, or for others than reviewers so far."""
        check_quarter(quarter)
        async with self.snapshot() as snapshot:
            row = await self._edition(snapshot, quarter, edition, reviewer)
            rows = await snapshot.connection.fetch(_q.edition_rows, row["closing"])
        shown = {row["unit"]: row["row"] for row in rows if group is None or row["grp"] == group}
        frozen = _frozen(quarter, edition, row)
        return Listing(quarter, edition, row["rules"], frozen.head, shown, frozen)

    async def frozen_card(self, quarter: str, edition: str, unit: str, *, reviewer: bool = True) -> bytes:
        """A frozen card's exact bytes; NotFound when there is none, or for others than reviewers so far."""
        check_quarter(quarter)
        check_unit(unit)
        async with self.snapshot() as snapshot:
            frozen = await self._edition(snapshot, quarter, edition, reviewer)
            body: bytes | None = await snapshot.connection.fetchval(_q.edition_card, frozen["closing"], unit)
        if body is None:
            raise NotFound
        return body

    async def _edition(self, snapshot: Snapshot, quarter: str, edition: str, reviewer: bool) -> Mapping[str, Any]:
        row: Mapping[str, Any] | None = await snapshot.connection.fetchrow(_q.edition, quarter, edition)
        if not reviewer and (row is None or row["published_at"] is None):
            raise NotFound((
                "Bản chốt này chưa được công bố.",
                "This edition has not been published yet.",
            ))  # fmt: skip
        if row is None:
            raise NotFound((
                f"{quarter_name(quarter)} chưa được chốt theo bản này.",
                f"{quarter_name(quarter, 'en')} has not been closed with this edition yet.",
            ))  # fmt: skip
        return row

    async def editions(self, quarter: str | None, *, reviewer: bool) -> list[Frozen]:
        """The frozen editions of one quarter or all, the latest first; but for reviewers only published ones."""
        if quarter is not None:
            check_quarter(quarter)
        async with self.snapshot() as snapshot:
            rows = await snapshot.connection.fetch(_q.editions, quarter)
        found = [_frozen(row["quarter"], row["edition"], row) for row in rows]
        return [one for one in found if reviewer or one.published_at is not None]

    async def alerts(
        self, scope: Scope, *, unit: str | None, only_open: bool, limit: int, cursor: str | None
    ) -> dict[str, Any]:
        """A page of alerts, the latest first; NotFound for a unit that is unknown or out of scope."""
        before = read_cursor(cursor)
        async with self.snapshot() as snapshot:
            units = self._alert_units(snapshot, scope, unit)
            if units is None:
                rows = await snapshot.connection.fetch(_q.all_alerts, *before, only_open, limit + 1)
            else:
                rows = await snapshot.connection.fetch(_q.alerts_of_units, units, *before, only_open, limit + 1)
        items = [json.loads(row["body"]) for row in rows[:limit]]
        following = make_cursor(items[-1]) if len(rows) > limit else None
        return {"log": snapshot.head.json(), "items": items, "next": following}

    def _alert_units(self, snapshot: Snapshot, scope: Scope, unit: str | None) -> list[str] | None:
        """The units whose alerts to read, None for all: a post answers for its subtree and for predecessors."""
        answering = self._answering(snapshot)
        if unit is not None:
            if unit not in answering or not scope.sees(answering[unit]):
                raise NotFound
            return sorted(snapshot.reference.directory.inherited(unit, snapshot.today))
        if scope.posts is None:
            return None
        return sorted(one for one, posts in answering.items() if scope.sees(posts))

    async def replies(self, alerts: Iterable[Mapping[str, Any]], posts: Collection[str]) -> dict[str, Reply]:
        """By inspection: whether it is for these posts to reply to, and whether that can still be done."""
        listed = list(alerts)
        async with self.snapshot() as snapshot:
            rows = await snapshot.connection.fetch(_q.unanswered, [alert["inspection"] for alert in listed])
            open_ = {row["inspection"] for row in rows}
            directory, today = snapshot.reference.directory, snapshot.today
            return {
                alert["inspection"]: Reply(
                    not directory.answering(alert["unit"], today).isdisjoint(posts), alert["inspection"] in open_
                )
                for alert in listed
            }

    async def unit_names(self, units: Iterable[str]) -> dict[str, str]:
        """What units are called today (or were, on their last day), told from others of their name."""
        async with self.snapshot() as snapshot:
            return {unit: snapshot.reference.directory.label(unit, snapshot.today) for unit in units}

    async def beside_names(self, quarter: str, units: Iterable[str]) -> dict[str, str]:
        """Of those units whose name others have too, what stands beside it in a quarter."""
        async with self.snapshot() as snapshot:
            directory = snapshot.reference.directory
            told = {
                unit: directory.beside(unit, directory.card_day(unit, quarter)) for unit in units if unit in directory
            }
        return {unit: beside for unit, beside in told.items() if beside is not None}

    async def awaiting_reply(self, posts: Collection[str]) -> int:
        """How many findings wait for a reply of these posts; what units below have to reply to is not theirs."""
        async with self.snapshot() as snapshot:
            directory, today = snapshot.reference.directory, snapshot.today
            units = [unit for unit in directory if not directory.answering(unit, today).isdisjoint(posts)]
            return int(await snapshot.connection.fetchval(_q.awaiting_reply, units))

    async def quarters(self) -> list[str]:
        """The quarters in which something was inspected or commended, the latest first."""
        async with self.snapshot() as snapshot:
            return [row["quarter"] for row in await snapshot.connection.fetch(_q.quarters)]


_q = store.queries


def check_quarter(quarter: str) -> None:
    """NotFound when a path names no quarter."""
    try:
        quarter_days(quarter)
    except ValueError:
        raise NotFound((
            "Quý phải viết như 2026-Q3.",
            "A quarter is written like 2026-Q3.",
        )) from None  # fmt: skip


def check_unit(unit: str) -> None:
    """NotFound when a path names what can be no unit."""
    if not _UNIT.fullmatch(unit):
        raise NotFound


def _tree_head(row: Mapping[str, Any]) -> TreeHead:
    return TreeHead(row["size"], base64.b64encode(row["root"]).decode())


def _frozen(quarter: str, edition: str, row: Mapping[str, Any]) -> Frozen:
    root = base64.b64encode(row["cards_root"]).decode()
    return Frozen(
        quarter, edition, row["closing"], _tree_head(row), root, row["published_at"], row["refused"]
    )  # fmt: skip


def _place(snapshot: Snapshot, quarter: str, unit: str) -> _Place:
    directory = snapshot.reference.directory
    card = render(UnitQuarter(unit, quarter), directory, snapshot.reference.rulebook)
    return _Place(card["group"], directory.card_readers(unit, quarter, snapshot.today), dump(summary(card)))


def make_cursor(alert: Mapping[str, Any]) -> str:
    """An opaque mark of the last alert shown."""
    return base64.urlsafe_b64encode(f"{alert['created_at']} {alert['id']}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[str, str]:
    """What a page begins below; Invalid when the mark is not one of ours."""
    if cursor is None:
        return _LATEST
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        created_at, _, key = text.partition(" ")
        return rfc3339(parse_instant(created_at)), str(UUID(key))
    except (ValueError, binascii.Error):
        raise invalid(
            "/cursor", "không phải mốc trang của hệ thống; hãy dùng giá trị next", "is not a page mark; use next"
        ) from None
