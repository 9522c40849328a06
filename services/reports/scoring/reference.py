"""The directory and the rule book of a log prefix. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from services.kernel.envelope import genesis_id
from services.kernel.quarters import local_date, parse_instant
from services.reports.facts.directory import UNIT_EVENTS, Directory
from services.reports.facts.effects import Facts
from services.reports.facts.facts import (
    CATALOGUE,
    COMMENDED,
    FINDING_RECORDED,
    INSPECTION_OPENED,
    SCORING,
    SURVEYED,
    Entry,
    Finding,
    Unfoldable,
)
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

    def check(self, facts: Facts) -> None:
        """Unfoldable where facts that were touched are of a unit that is not registered, or of an unknown code.

        A card needs its unit's name, and a finding of a code that no published catalogue has could never be shown.
        """
        for inspection in map(facts.inspections.__getitem__, facts.touched_inspections):
            self._check_unit(inspection.opened_index, INSPECTION_OPENED, inspection.unit)
        for given in facts.commendations:
            self._check_unit(given.index, COMMENDED, given.unit)
        for survey in facts.surveys.values():
            self._check_unit(survey.index, SURVEYED, survey.unit)
        for finding in map(facts.findings.__getitem__, facts.touched_findings):
            self._check_code(finding)

    def _check_unit(self, index: int, kind: str, unit: str) -> None:
        if unit not in self.directory:
            raise Unfoldable(index, kind, f"unit {unit} is not registered")

    def _check_code(self, finding: Finding) -> None:
        catalogue = self.rulebook.catalogues.get(finding.catalogue)
        if catalogue is None or finding.code not in catalogue.codes:
            reason = f"code {finding.code} is not in catalogue {finding.catalogue}"
            raise Unfoldable(finding.index, FINDING_RECORDED, reason)
