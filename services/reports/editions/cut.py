"""A quarter's cut: where in the log its cards are frozen, and as what. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.quarters import quarter_days
from services.reports.facts.directory import Directory
from services.reports.facts.facts import QUARTER_CLOSED, Entry, Unfoldable, UnitQuarter
from services.reports.scoring.cards import Form, TreeHead, render, summary, with_log
from services.reports.scoring.masks import masked
from services.reports.scoring.rulebook import Rulebook
from services.reports.text import dump

_NOT_COMPARED = b'"comparison":null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A quarter's closing or restatement: its event, and the tree head of the prefix that ends with it."""

    closing: str
    quarter: str
    edition: str
    form: Form
    size: int
    root: bytes

    @classmethod
    def of(cls, entry: Entry, size: int, root: bytes) -> Cut:
        """The cut of an entry, at the tree head of the log up to and with it.

        Unfoldable without quarter or edition, or for cards of an unknown form.
        """
        data, kind = entry.event.data, entry.event.type
        try:
            quarter, edition, form = str(data["quarter"]), edition_of(entry), Form(data.get("cards", ""))
            quarter_days(quarter)
        except (KeyError, TypeError) as error:
            raise Unfoldable(entry.index, kind, f"no {error}") from error
        except ValueError as error:
            raise Unfoldable(entry.index, kind, f"{error}: a newer program is needed") from error
        return cls(
            closing=entry.event.id,
            quarter=quarter,
            edition=edition,
            form=form,
            size=size,
            root=root,
        )

    @property
    def head(self) -> TreeHead:
        """The tree head as cards name it."""
        return TreeHead(self.size, base64.b64encode(self.root).decode())


def edition_of(entry: Entry) -> str:
    """What a cut makes: the edition it names, or the n-th restatement."""
    if entry.event.type == QUARTER_CLOSED:
        return str(entry.event.data["edition"])
    return f"restated-{int(entry.event.data['n'])}"


def card_bytes(card: Mapping[str, Any]) -> bytes:
    """A card's RFC 8785 bytes: it holds no floats, and its members' names are ASCII, so that this encoder is enough."""
    return orjson.dumps(card, option=orjson.OPT_SORT_KEYS)


def cards_root(bodies: Iterable[bytes]) -> bytes:
    """The RFC 6962 root over the cards' bytes, ordered by unit."""
    tree = CompactRange()
    tree.extend(map(leaf_hash, bodies))
    return tree.root()


def card_of(
    facts: UnitQuarter, directory: Directory, rulebook: Rulebook, cut: Cut, comparison: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A unit's card at a cut."""
    return with_log(render(facts, directory, rulebook, cut.edition, cut.form, comparison), cut.head)


class FrozenCard(NamedTuple):
    """One card's RFC 8785 bytes, and its row in the list."""

    unit: str
    group: str
    body: bytes
    row: str

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> FrozenCard:
        """A card as it is frozen."""
        return cls(card["unit"], card["group"], card_bytes(card), dump(summary(card)))

    def compared(self, comparison: Mapping[str, Any] | None) -> FrozenCard:
        """With its unit's comparison, where it has one."""
        if comparison is None:
            return self
        return self._replace(
            body=body_compared(self.body, comparison), row=row_compared(self.row, comparison, live=False)
        )  # fmt: skip


def body_compared(body: bytes, comparison: Mapping[str, Any]) -> bytes:
    """A card's bytes with its comparison: no text holds a bare quotation mark, so the first such place is it."""
    return body.replace(_NOT_COMPARED, b'"comparison":' + card_bytes(comparison), 1)


def row_compared(row: str, comparison: Mapping[str, Any], *, live: bool) -> str:
    """A row of the list, as JSON text, with its unit's comparison as it is shown there."""
    shown = comparison if live else masked({"comparison": comparison})["comparison"]
    return f"{row.removesuffix('null}')}{dump(shown)}}}"
