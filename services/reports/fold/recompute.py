"""One quarter's cards computed anew from a log's entries as they pass: beside any database, by the same code. Pure."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

from services.kernel.log.merkle import CompactRange, leaf_hash
from services.reports.editions.cut import Cut, card_bytes, card_of, edition_of
from services.reports.editions.differences import before, differences
from services.reports.facts.facts import CUTS, QUARTER_PUBLISHED, Entry
from services.reports.facts.picked import Picked
from services.reports.fold.prefix import Prefix
from services.reports.scoring.cards import NEWEST, Form, TreeHead, summary
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen
from services.reports.text import dump

LIVE = "live"


class Brief(NamedTuple):
    """An event as far as cards are made of it."""

    type: str
    unit: str
    id: str
    time: str
    data: dict[str, Any]


@dataclass(slots=True)
class Made:
    """A quarter computed: the answer of its list as GET gives it, and the one card asked for."""

    quarter: str
    edition: str
    head: TreeHead
    rules: str | None
    rows: dict[str, str] = field(default_factory=dict)
    card: dict[str, Any] | None = None
    cards_root: str = ""
    closing: str | None = None
    published_at: str | None = None
    other_roots: list[str] = field(default_factory=list)
    """That were published of this cut."""
    differs: list[dict[str, Any]] | None = None

    def listing(self) -> dict[str, Any]:
        """The quarter's list."""
        frozen = {
            "cards_root": self.cards_root, "closing": self.closing, "published_at": self.published_at,
        }  # fmt: skip
        return {
            "quarter": self.quarter, "edition": self.edition, "rules": self.rules, "log": self.head.json(),
            **(frozen if self.closing else {}), **({} if self.differs is None else {"differs": self.differs}),
            "cards": [json.loads(row) for row in self.rows.values()],
        }  # fmt: skip


Compare = Callable[[Comparison, str, Mapping[str, Seen]], Mapping[str, dict[str, Any]]]
"""The comparison's rules, the quarter and what was seen of each unit; the comparisons by unit."""


class Recomputing:
    """Takes what was picked of the entries in order, and computes the quarter where it is asked for.

    `root_of` gives the tree's root at a size. A live list's comparisons were fitted at the size `fitted_at`; without it
    they are fitted where the cards are computed. Without `compare` there are none.
    """

    def __init__(
        self, quarter: str, root_of: Callable[[int], bytes], *, edition: str = LIVE, size: int, unit: str | None = None,
        compare: Compare | None = None, fitted_at: int | None = None,
    ) -> None:  # fmt: skip
        self.quarter, self.edition, self.size = quarter, edition, size
        self._root_of, self._unit = root_of, unit
        self._compare, self._fitted_at = compare, fitted_at
        self._beside: dict[str, dict[str, Any]] | None = None
        self._prefix = Prefix(quarter)
        self._earlier: dict[str, str] | None = None
        self.made: Made | None = None

    def take(self, picked: Iterable[Picked]) -> None:
        """The next entries; Unfoldable where the service's fold would stop."""
        self._prefix.take(self._entries(picked))

    def _entries(self, picked: Iterable[Picked]) -> Iterator[Entry]:
        """Those up to where the quarter is asked for; cuts and publications are seen as they pass."""
        for index, kind, unit, key, time, data in picked:
            entry = Entry(index, Brief(kind, unit, key, time, data))
            if index >= self.size:
                continue
            if self._fitted_at is not None and index >= self._fitted_at:
                self._fit_live(self._fitted_at)
            if entry.event.type in CUTS:
                self._cut(entry)
            elif entry.event.type == QUARTER_PUBLISHED:
                self._published(entry)
            elif self.edition == LIVE or self.made is None:
                yield entry

    def _cut(self, entry: Entry) -> None:
        """The first cut of an edition is the one that stands."""
        if entry.event.data.get("quarter") != self.quarter or self.edition == LIVE or self.made is not None:
            return
        if edition_of(entry) == self.edition:
            self.made = self._compute(self._at(entry))
            if before(self.edition) is not None:
                self.made.differs = differences(self._earlier or {}, self.made.rows)
        elif edition_of(entry) == before(self.edition) and self._earlier is None:
            self._earlier = self._compute(self._at(entry)).rows

    def _at(self, entry: Entry) -> Cut:
        return Cut.of(entry, entry.index + 1, self._root_of(entry.index + 1))

    def _published(self, entry: Entry) -> None:
        data, made = entry.event.data, self.made
        if made is None or data.get("closing") != made.closing:
            return
        if data["cards_root"] == made.cards_root:
            made.published_at = min(made.published_at or entry.event.time, entry.event.time)
        else:
            made.other_roots.append(data["cards_root"])

    def end(self) -> Made | None:
        """The quarter; None when the log has no such edition."""
        if self._fitted_at is not None:
            self._fit_live(self._fitted_at)
        if self.edition == LIVE:
            root = self._root_of(self.size)
            self.made = self._compute(Cut(
                closing="", quarter=self.quarter, edition=LIVE, form=NEWEST, size=self.size, root=root
            ))  # fmt: skip
        return self.made

    def _fit_live(self, size: int) -> None:
        """The comparisons that a live list shows beside later cards."""
        if self._beside is None:
            fitted = self._fit(Form.SECOND)
            self._beside = {unit: {**comparison, "size": size} for unit, comparison in fitted.items()}

    def _fit(self, form: Form) -> Mapping[str, dict[str, Any]]:
        rules = self._prefix.reference.rulebook.comparison(self.quarter)
        if rules is None or self._compare is None or form is Form.FIRST:
            return {}
        return self._compare(rules, self.quarter, self._prefix.seen(self._prefix.units()))

    def _compute(self, cut: Cut) -> Made:
        """One card after the other: all of them at once would not fit into little memory."""
        reference, tree = self._prefix.reference, CompactRange()
        rules = reference.rulebook.rules(self.quarter)
        made = Made(self.quarter, cut.edition, cut.head, rules.version if rules else None, closing=cut.closing or None)
        beside = self._fit(cut.form) if self._beside is None else self._beside
        for unit, facts in self._prefix.units().items():
            card = card_of(facts, reference.directory, reference.rulebook, cut, beside.get(unit))
            tree.append(leaf_hash(card_bytes(card)))
            made.rows[unit] = dump(summary(card))
            if unit == self._unit:
                made.card = card
        made.cards_root = base64.b64encode(tree.root()).decode()
        return made


class Difference(NamedTuple):
    """Where an answer differs from what was computed."""

    unit: str
    field: str
    told: Any
    computed: Any


def first_difference(told: Mapping[str, Any], computed: Mapping[str, Any]) -> Difference | None:
    """The first field in which an answer, a list or a card, is not what was computed; units in order."""
    if "cards" in told:
        return _of_list(told, computed)
    return _of(str(told.get("unit", "-")), told, computed)


def _of_list(told: Mapping[str, Any], computed: Mapping[str, Any]) -> Difference | None:
    """A list holds each unit once, in order, and whole; a page holds those from its first unit to its last."""
    found = _of("-", _head(told), _head(computed))
    theirs, ours = told["cards"], computed["cards"]
    if told.get("next") is not None and theirs:
        within = range(*_places(theirs, ours))
        ours = [ours[place] for place in within]
    for theirs_one, ours_one in zip_longest(theirs, ours) if found is None else ():
        found = _of_row(theirs_one, ours_one)
        if found is not None:
            break
    return found


def _places(page: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Where a page's first unit stands in the whole list, and where the page ends there."""
    first = bisect_left([row["unit"] for row in rows], page[0]["unit"])
    return first, min(first + len(page), len(rows))


def _of_row(told: Mapping[str, Any] | None, computed: Mapping[str, Any] | None) -> Difference | None:
    theirs, ours = (None if row is None else row["unit"] for row in (told, computed))
    if theirs != ours:
        return Difference(min(filter(None, (theirs, ours))), "unit", theirs, ours)
    return _of(str(ours), told, computed)


def _head(listing: Mapping[str, Any]) -> dict[str, Any]:
    return {name: listing[name] for name in listing if name not in ("cards", "next")}


def _of(unit: str, told: Any, computed: Any, path: str = "") -> Difference | None:
    if isinstance(told, Mapping) and isinstance(computed, Mapping):
        pairs: Iterable[tuple[Any, Any, Any]] = (
            (name, told.get(name), computed.get(name)) for name in {**computed, **told}
        )
    elif isinstance(told, list) and isinstance(computed, list) and len(told) == len(computed):
        pairs = ((place, was, now) for place, (was, now) in enumerate(zip(told, computed, strict=True)))
    else:
        same = type(told) is type(computed) and told == computed
        return None if same else Difference(unit, path or "-", told, computed)
    found = (_of(unit, was, now, _below(path, name)) for name, was, now in pairs)
    return next(filter(None, found), None)


def _below(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


@dataclass(frozen=True, slots=True)
class Told:
    """Of an answer, what it says it is: its edition, the log's size, and where a live one's comparisons were fitted."""

    edition: str | None
    size: int | None
    fitted_at: int | None
    compares: bool
    """Whether it shows any comparison: a live list shows none before the first fit."""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Told:
        """What an answer, a list or a card, says of itself."""
        edition, log = answer.get("edition"), answer.get("log")
        shown = [one["comparison"] for one in answer.get("cards", [answer]) if isinstance(one.get("comparison"), dict)]
        return cls(
            edition if isinstance(edition, str) else None,
            _whole(log.get("size")) if isinstance(log, Mapping) else None,
            next((_whole(one["size"]) for one in shown if "size" in one), None),
            bool(shown),
        )


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
