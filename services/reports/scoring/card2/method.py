"""Method card/2: what its rules say otherwise than those of card/1. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from services.domain.case import GRAVE
from services.reports.scoring.card1 import arithmetic
from services.reports.scoring.card1.arithmetic import Gate
from services.reports.scoring.card1.method import Card1
from services.reports.scoring.method import BadRules, Observation

NAME = "card/2"
OVERDUE = "overdue"
"""The gate without a code: a severity 3 whose remedy is overdue."""


@dataclass(frozen=True, slots=True)
class Rules(arithmetic.Rules):
    """A scoring version of card/2."""

    RETURNED: ClassVar[Fraction] = Fraction(1, 2)

    @classmethod
    def gate(cls, published: Mapping[str, Any]) -> Gate:
        """A gate as published: of a code, or the one of overdue remedies."""
        if "code" not in published and published["gate"] != OVERDUE:
            raise BadRules(f"gate {published['gate']} names no code")
        return Gate(published["gate"], published.get("code"), published["at_most"])

    def holds(self, gate: Gate, seen: Observation) -> bool:
        """Whether a counted finding makes a gate stand."""
        if gate.code is not None:
            return gate.code == seen.code
        return seen.severity == GRAVE and seen.overdue


def read(version: str, rules: Mapping[str, Any]) -> Card1:
    """The rules of a scoring.published event; BadRules when they are incomplete."""
    return Card1.read(version, rules, Rules)
