"""The directory and the rule book of a log prefix. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from services.kernel.envelope import genesis_id
from services.kernel.quarters import local_date, parse_instant
from services.reports.facts.directory import UNIT_EVENTS, Directory
from services.reports.facts.facts import CATALOGUE, SCORING, Entry, Unfoldable
from services.reports.scoring.rulebook import Rulebook

RULES = frozenset({CATALOGUE, SCORING})
REFERENCE_EVENTS = UNIT_EVENTS | RULES


@dataclass(slots=True)
class Reference:
    """The directory and the rule book of a log prefix; `index` is the last event in them."""

    directory: Directory = field(default_factory=Directory)
    rulebook: Rulebook = field(default_factory=Rulebook)
    index: int = -1

    def apply(self, entry: Entry) -> None:
        """Take a unit, catalogue or scoring event; Unfoldable when it contradicts the log before it."""
        event = entry.event
        try:
            if event.type in UNIT_EVENTS:
                self.directory.apply(entry.index, event.type, event.unit, event.data)
            else:
                self.rulebook.apply(entry.index, event.type, event.data, self.published(entry))
        except (KeyError, ValueError, TypeError) as error:
            raise Unfoldable(entry.index, event.type, f"{type(error).__name__}: {error}") from error
        self.index = entry.index

    def published(self, entry: Entry) -> date | None:
        """From which day a version counts as published; None for genesis: it stands before the log's first unit."""
        event = entry.event
        if self.directory.empty and event.id == genesis_id(event.type, str(event.data["version"])):
            return None
        return local_date(parse_instant(event.time))
