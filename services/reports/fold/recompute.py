"""One quarter's cards computed anew from a log's entries as they pass: beside any database, by the same code. Pure."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple, Protocol

from services.kernel.log.merkle import CompactRange, leaf_hash
from services.reports.editions.cut import Cut, body_compared, edition_of, row_compared
from services.reports.editions.differences import before, differences
from services.reports.facts.facts import CUTS, Entry, Unfoldable
from services.reports.facts.picked import Brief, Picked
from services.reports.fold import shard
from services.reports.fold.shard import Asked, Passed, References, Row
from services.reports.scoring.cards import NEWEST, Form, TreeHead
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen
from services.reports.scoring.reference import REFERENCE_EVENTS

LIVE = "live"


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
    was: Mapping[str, str] | None = None
    """The rows of the edition that this one restates."""

    def fill(self, rows: Mapping[str, Row], beside: Mapping[str, Mapping[str, Any]]) -> None:
        """Put the units in order, and beside each its comparison."""
        tree = CompactRange()
        for unit in sorted(rows):
            row, comparison = rows[unit], beside.get(unit)
            tree.append(
                row.leaf if comparison is None or row.body is None else leaf_hash(body_compared(row.body, comparison))
            )
            self.rows[unit] = (
                row.text if comparison is None else row_compared(row.text, comparison, live=self.edition == LIVE)
            )
            if row.card is not None:
                self.card = json.loads(row.card) | ({} if comparison is None else {"comparison": comparison})
        self.cards_root = base64.b64encode(tree.root()).decode()

    def publish(self, entry: Entry) -> None:
        """Take a publication, if it is one of this cut."""
        data = entry.event.data
        if data.get("closing") != self.closing:
            return
        if data["cards_root"] == self.cards_root:
            self.published_at = min(self.published_at or entry.event.time, entry.event.time)
        else:
            self.other_roots.append(data["cards_root"])

    def listing(self, group: str | None = None) -> dict[str, Any]:
        """The quarter's list, or that of a kind of unit."""
        rows = _of_group(self.rows, group)
        differs = None if self.was is None else differences(_of_group(self.was, group), rows)
        frozen = {
            "cards_root": self.cards_root, "closing": self.closing, "published_at": self.published_at,
        }  # fmt: skip
        return {
            "quarter": self.quarter, "edition": self.edition, "rules": self.rules, "log": self.head.json(),
            **({} if group is None else {"group": group}), **(frozen if self.closing else {}),
            **({} if differs is None else {"differs": differs}), "cards": [json.loads(row) for row in rows.values()],
        }  # fmt: skip


Compare = Callable[[Comparison, str, Mapping[str, Seen]], Mapping[str, dict[str, Any]]]
"""The comparison's rules, the quarter and what was seen of each unit; the comparisons by unit."""


class Cases(Protocol):
    """Keeps what was picked of cases."""

    def keep(self, cases: Sequence[bytes]) -> None:
        """The next entries' part of every shard."""

    def work(self, make: Callable[[int, Iterable[bytes]], shard.Made]) -> Iterable[shard.Made]:
        """What is made of every shard, in any order."""


class Recomputing:
    """Takes what was picked of the entries in order, and computes the quarter when all were taken.

    `root_of` gives the tree's root at a size. A live list's comparisons were fitted at the size `fitted_at`; without it
    they are fitted where the cards are computed. Without `compare` there are none.
    """

    def __init__(
        self, quarter: str, root_of: Callable[[int], bytes], cases: Cases, *, edition: str = LIVE, size: int,
        unit: str | None = None, compare: Compare | None = None, fitted_at: int | None = None,
    ) -> None:  # fmt: skip
        self.quarter, self.edition, self.size = quarter, edition, size
        self._root_of, self._cases, self._unit = root_of, cases, unit
        self._compare, self._fitted_at = compare, fitted_at
        self._reference: list[Passed] = []
        self._cuts: dict[str, Entry] = {}
        self._published: list[Entry] = []

    def take(self, picked: Picked) -> None:
        """The next entries; of a quarter's cuts the first of each edition is the one that stands."""
        self._cases.keep(picked.cases)
        for passed in picked.entries:
            entry = Entry(passed[0], Brief(*passed[1:]))
            if entry.event.type in REFERENCE_EVENTS:
                self._reference.append(passed)
            elif entry.index < self.size and entry.event.data.get("quarter") == self.quarter:
                if entry.event.type in CUTS:
                    self._cuts.setdefault(edition_of(entry), entry)
                else:
                    self._published.append(entry)

    def end(self) -> Made | None:
        """The quarter; None when the log has no such edition. Unfoldable where the service's fold would stop.

        It stops also at an id that the log gives to two things of different units, or, of a finding, in two inspections
        of different quarters; here these are counted as they stand.
        """
        references = References(self._reference)
        if self.edition == LIVE:
            root = self._root_of(self.size)
            return self._computed(references, Cut(
                closing="", quarter=self.quarter, edition=LIVE, form=NEWEST, size=self.size, root=root
            ))  # fmt: skip
        if self.edition not in self._cuts:
            return None
        made = self._computed(references, self._cut(self.edition))
        earlier = before(self.edition)
        if earlier is not None:
            made.was = self._computed(references, self._cut(earlier)).rows if earlier in self._cuts else {}
        for entry in self._published:
            made.publish(entry)
        return made

    def _cut(self, edition: str) -> Cut:
        entry = self._cuts[edition]
        return Cut.of(entry, entry.index + 1, self._root_of(entry.index + 1))

    def _computed(self, references: References, cut: Cut) -> Made:
        """The cards at a cut, with the comparisons fitted there, or for a live list where it says it was."""
        rules = references.at(cut.size).rulebook.rules(self.quarter)
        made = Made(self.quarter, cut.edition, cut.head, rules.version if rules else None, closing=cut.closing or None)
        behind = self._fitted_at if cut.edition == LIVE else None
        comparing = None if cut.form is Form.FIRST else self._comparing(references, cut.size)
        whole = comparing is not None or behind is not None
        rows, seen = self._asked(references, Asked(self.quarter, cut.size, cut, whole, self._unit))
        made.fill(rows, self._fitted(comparing, seen) if behind is None else self._fitted_behind(references, behind))
        return made

    def _fitted_behind(self, references: References, size: int) -> Mapping[str, dict[str, Any]]:
        """The comparisons that a live list shows beside later cards."""
        _, seen = self._asked(references, Asked(self.quarter, size, None, True))
        fitted = self._fitted(self._comparing(references, size), seen)
        return {unit: {**comparison, "size": size} for unit, comparison in fitted.items()}

    def _comparing(self, references: References, size: int) -> Comparison | None:
        return None if self._compare is None else references.at(size).rulebook.comparison(self.quarter)

    def _fitted(self, rules: Comparison | None, seen: Mapping[str, Seen]) -> Mapping[str, dict[str, Any]]:
        return self._compare(rules, self.quarter, seen) if rules is not None and self._compare is not None else {}

    def _asked(self, references: References, asked: Asked) -> tuple[dict[str, Row], dict[str, Seen]]:
        rows, seen, faults = dict[str, Row](), dict[str, Seen](), list[tuple[int, str, str]]()
        references.units(asked.size, asked.quarter)  # read once, for copies of this process to have
        for made in self._cases.work(partial(shard.made, references, asked)):
            rows |= made.rows
            seen |= made.seen
            faults += [made.fault] if made.fault else []
        if faults:
            raise Unfoldable(*min(faults))
        return rows, seen


def _of_group(rows: Mapping[str, str], group: str | None) -> Mapping[str, str]:
    return rows if group is None else {unit: row for unit, row in rows.items() if json.loads(row)["group"] == group}


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
    """A list holds each unit once, in order, and whole; a page those from its first unit to its last; a part any.

    What is frozen is for all to see: no answer of it is a part.
    """
    found = _of("-", _head(told), _head(computed))
    theirs, ours = told["cards"], computed["cards"]
    if is_part(told):
        shown = {row["unit"] for row in theirs}
        ours = [row for row in ours if row["unit"] in shown]
    elif told.get("next") is not None and theirs:
        within = range(*_places(theirs, ours))
        ours = [ours[place] for place in within]
    for theirs_one, ours_one in zip_longest(theirs, ours) if found is None else ():
        found = _of_row(theirs_one, ours_one)
        if found is not None:
            break
    return found


def is_part(told: Mapping[str, Any]) -> bool:
    """Whether a list is only what its reader may see."""
    return told.get("part") is True and told.get("edition") == LIVE


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
    beside = ("cards", "next", "part") if is_part(listing) else ("cards", "next")
    return {name: listing[name] for name in listing if name not in beside}


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
