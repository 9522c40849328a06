"""Which units of a quarter need somebody first, and why; how each stands against the quarter before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import compress
from typing import Any

Row = Mapping[str, Any]
REASONS = ("alarm", "needs_correction", "overdue", "watch", "falling")
"""Why somebody should go there, the weightiest first."""
_WEIGHT = {"alarm": 0, "needs_correction": 0, "overdue": 1, "watch": 2, "falling": 3}
FALL = Decimal(5)
"""A drop of so many points since the quarter before is one to look into."""
STANDINGS = ("alarm", "watch", "within", "insufficient")
_BANDS = ("needs_correction", "average", "fair", "good")


def against(rows: Iterable[Row], before: Mapping[str, Row]) -> list[dict[str, Any]]:
    """Rows with `was` (score and band a quarter earlier), `delta` in points, and `reasons`; None where unknown."""
    return [_against(row, before.get(row["unit"])) for row in rows]


def _against(row: Row, earlier: Row | None) -> dict[str, Any]:
    was = None if earlier is None or earlier["score"] is None else earlier
    delta = None if was is None or row["score"] is None else Decimal(row["score"]) - Decimal(was["score"])
    found = {**row, "comparison": row.get("comparison"), "was": was, "delta": delta}
    return found | {"reasons": _reasons(found)}


def standing(row: Row) -> str | None:
    """Where a row stands among its peers; None while nothing is compared."""
    return None if row["comparison"] is None else str(row["comparison"]["standing"])


def _falls(row: Row) -> bool:
    if row["delta"] is None:
        return False
    return bool(row["delta"] <= -FALL or _BANDS.index(row["band"]) < _BANDS.index(row["was"]["band"]))


def _reasons(row: Row) -> tuple[str, ...]:
    """In the order of `REASONS`."""
    stands = standing(row)
    holds = (
        stands == "alarm", row["band"] == "needs_correction", "overdue" in row["gates"], stands == "watch", _falls(row),
    )  # fmt: skip
    return tuple(compress(REASONS, holds))


def first(row: Row) -> tuple[int, int, Decimal, int]:
    """A sort key: the weightiest reason, how many there are, the lower score, what still waits."""
    reasons = row["reasons"]
    weight = _WEIGHT[reasons[0]] if reasons else len(REASONS)
    score = Decimal("Infinity") if row["score"] is None else Decimal(row["score"])
    return weight, -len(reasons), score, -row["pending"]["findings"]


def act_now(rows: Iterable[Row]) -> list[Row]:
    """The rows with a reason, the weightiest first."""
    return sorted((row for row in rows if row["reasons"]), key=first)


def moved(rows: Sequence[Row]) -> dict[str, int]:
    """How many units rose, fell and stayed since the quarter before, by points; only those with a score in both."""
    deltas = [row["delta"] for row in rows if row["delta"] is not None]
    return {
        "compared": len(deltas),
        "risen": sum(delta > 0 for delta in deltas),
        "fallen": sum(delta < 0 for delta in deltas),
        "bands_down": sum(
            1 for row in rows
            if row["delta"] is not None and _BANDS.index(row["band"]) < _BANDS.index(row["was"]["band"])
        ),
    }  # fmt: skip
