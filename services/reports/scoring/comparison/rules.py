"""How units are compared, as a scoring version publishes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.domain.case import SCORED
from services.reports.scoring.method import BadRules

NAME = "comparison/1"


@dataclass(frozen=True, slots=True)
class Least:
    """Below these a quarter says too little: persons checked, visits, different inspectors."""

    persons: int
    visits: int
    inspectors: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a version says: weights by severity, the larger group that a small group merges into, and the least."""

    weights: Mapping[str, int]
    peers: Mapping[str, str]
    least: Least

    @classmethod
    def read(cls, version: str, published: Mapping[str, Any] | None) -> Comparison | None:
        """Of a scoring.published event; None when it compares nothing, BadRules for an unknown method or a gap."""
        if published is None:
            return None
        if published.get("method") != NAME:
            raise BadRules(f"scoring {version}: comparison {published.get('method')!r} is not known, only {NAME}")
        try:
            weights = {str(severity): int(published["weights"][str(severity)]) for severity in sorted(SCORED)}
            least = Least(**{name: int(published["min"][name]) for name in ("persons", "visits", "inspectors")})
            return cls(weights, dict(published["peers"]), least)
        except (KeyError, TypeError, ValueError) as error:
            raise BadRules(f"scoring {version} lacks or misshapes {error} in its comparison") from error

    def json(self) -> dict[str, Any]:
        """As it is published."""
        least = {"persons": self.least.persons, "visits": self.least.visits, "inspectors": self.least.inspectors}
        return {"method": NAME, "weights": dict(self.weights), "peers": dict(self.peers), "min": least}
