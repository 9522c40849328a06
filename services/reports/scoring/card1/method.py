"""Method card/1, and those that differ from it in their rules alone, by one published version. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.reports.scoring.card1.arithmetic import Rules
from services.reports.scoring.card1.explained import explained
from services.reports.scoring.card1.shown import each_upheld, scored
from services.reports.scoring.method import Code, Explanation, Visit

NAME = "card/1"


@dataclass(frozen=True, slots=True)
class Card1:
    """The rules with what the method makes of them."""

    version: str
    rules: Rules

    @classmethod
    def read(cls, version: str, rules: Mapping[str, Any], kind: type[Rules] = Rules) -> Card1:
        """The rules of a scoring.published event; BadRules when they are incomplete."""
        return cls(version, kind.read(version, rules))

    def scored(self, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, Any]:
        """A card from its score to what is pending."""
        return scored(self.rules, visits, commendations)

    def each_upheld(self, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, tuple[str | None, str]]:
        """Score and band by pending finding, as if it alone were upheld."""
        return each_upheld(self.rules, visits, commendations)

    def explained(self, card: Mapping[str, Any], codes: Sequence[Mapping[str, Code]]) -> Explanation:
        """How such a card came about, inspection by inspection."""
        return explained(self.rules, card, codes)
