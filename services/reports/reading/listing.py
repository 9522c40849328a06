"""A quarter's list, live or frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from services.kernel.web.paging import write_cursor
from services.reports.scoring.cards import TreeHead
from services.reports.text import dump

LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A quarter's list: rows as JSON text by unit, with what heads the answer. Its bytes are made once.

    `differs` is what a restatement says otherwise than the edition before it; `group` the kind of unit it is all of;
    `part` is true where the reader may not see all units.
    """

    quarter: str
    edition: str
    rules: str | None
    head: TreeHead
    rows: Mapping[str, str]
    group: str | None = None
    part: bool = False
    frozen: Frozen | None = None
    differs: Sequence[Mapping[str, Any]] | None = None
    next: str | None = None

    def page(self, limit: int | None, after: str | None) -> Listing:
        """The rows behind a unit, at most so many, with the mark of where the next page begins."""
        units = [unit for unit in self.rows if after is None or unit > after]
        shown = units if limit is None else units[:limit]
        more = write_cursor(shown[-1]) if len(shown) < len(units) else None
        return replace(self, rows={unit: self.rows[unit] for unit in shown}, next=more)

    @property
    def published(self) -> bool:
        """Whether everybody may read it, for it changes no more."""
        return self.frozen is not None and self.frozen.published_at is not None

    @cached_property
    def body(self) -> bytes:
        """The answer of wire.md, without parsing a row."""
        top: dict[str, Any] = {"quarter": self.quarter, "edition": self.edition, "rules": self.rules}
        top |= {"log": self.head.json()} | ({} if self.group is None else {"group": self.group})
        top |= {"part": True} if self.part else {}
        if self.frozen is not None:
            top |= {
                "cards_root": self.frozen.cards_root, "closing": self.frozen.closing,
                "published_at": self.frozen.published_at,
            }  # fmt: skip
        if self.differs is not None:
            top["differs"] = self.differs
        return f'{dump(top)[:-1]},"cards":[{",".join(self.rows.values())}],"next":{dump(self.next)}}}'.encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the body, hex."""
        return sha256(self.body).hexdigest()

    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def parsed(self) -> list[dict[str, Any]]:
        """The rows as objects."""
        return list(orjson.loads(self.body)["cards"])
