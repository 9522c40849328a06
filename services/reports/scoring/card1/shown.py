"""What a card shows of a quarter scored by card/1. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.reports.facts.standing import Standing
from services.reports.scoring.card1 import arithmetic
from services.reports.scoring.card1.arithmetic import (
    Item,
    QuarterScore,
    Rules,
    VisitScore,
    if_upheld,
    score_quarter,
)
from services.reports.scoring.method import BAND_LABELS, GROUPS, INSUFFICIENT, Visit, count_of, ratio, shown


def scored(rules: Rules, visits: Sequence[Visit], commendations: Sequence[str]) -> dict[str, Any]:
    """A card from its score to what is pending."""
    now = score_quarter(rules, visits, commendations)
    pending = count_of(visits, Standing.PENDING)
    then = if_upheld(rules, now, commendations) if pending else now
    score, band = _score_and_band(rules, now)
    return {
        "score": score,
        "band": band,
        "band_label": BAND_LABELS[band][0],
        "gates": list(now.gates),
        "bonus": shown(now.bonus),
        "groups": [
            {"group": group, "cap": rules.shown_caps[group], "deduction": ratio(now.costs.get(group, 0), now.parts)}
            for group in GROUPS
        ],
        "inspections": [_visit_json(visit) for visit in now.visits],
        "pending": {
            "findings": pending,
            "score_if_upheld": None if then.score is None else shown(then.score),
        },
    }


def each_upheld(
    rules: Rules, visits: Sequence[Visit], commendations: Sequence[str]
) -> dict[str, tuple[str | None, str]]:
    """Score and band by pending finding, as if it alone were upheld."""
    then = arithmetic.each_upheld(rules, score_quarter(rules, visits, commendations), commendations)
    return {seen.finding: _score_and_band(rules, quarter) for seen, quarter in then}


def _score_and_band(rules: Rules, result: QuarterScore) -> tuple[str | None, str]:
    if result.score is None:
        return None, INSUFFICIENT
    score = shown(result.score)
    return score, rules.band(score, result.gates)


def _visit_json(scored: VisitScore) -> dict[str, Any]:
    return {
        "id": scored.visit.inspection,
        "date": scored.visit.day.isoformat(),
        "score": ratio(100 * scored.parts - sum(scored.costs.values()), scored.parts),
        "items": [_item_json(item) for item in scored.items],
    }


def _item_json(item: Item) -> dict[str, Any]:
    seen = item.observation
    told = {
        "code": seen.code, "count": seen.count, "severity": seen.severity, "factor": ratio(item.base, item.over, 4),
        "points": ratio(item.cost, item.parts), "index": seen.index, "finding": seen.finding,
    }  # fmt: skip
    return told | {"remedied": True} if item.remedied else told
