"""A second opinion on scorecards: method `card/1` in a few lines, straight from the events, for group A only."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from services.kernel.envelope import Envelope
from services.reports.scoring.method import shown

CAP, BASE = 20, 30
POINTS = {1: 1, 2: 3, 3: 6}
OVERTURNED = ("excused", "not_proven", "unfounded", "system_fault")


def expected_card(events: Iterable[Envelope], unit: str) -> dict[str, Any]:
    """What the card of a unit must say that has one inspection, closed, with findings of group A."""
    own = [event for event in events if event.unit == unit]
    checked = [event.data["persons_checked"] for event in own if event.type == "kycuong.inspection.closed.v1"]
    assert len(checked) == 1
    findings = {event.id: event.data for event in own if event.type == "kycuong.finding.recorded.v1"}
    assert {data["code"][0] for data in findings.values()} == {"A"}
    said = {verb: _said(own, verb) for verb in ("withdrawn", "replied", "lapsed", "decided")}
    overturned = {finding for finding, data in said["decided"].items() if data["outcome"] in OVERTURNED}
    gone = overturned | said["withdrawn"].keys()
    upheld = said["decided"].keys() - overturned
    admitted = {finding for finding, data in said["replied"].items() if data["accepts"]} | said["lapsed"].keys()
    counted = upheld | {finding for finding in admitted - gone if findings[finding]["severity"] == 1}
    points = sum((_points(findings[finding], checked[0]) for finding in counted), Fraction(0))
    return {
        "counted": sorted(counted),
        "score": shown(100 - min(Fraction(CAP), points)),
        "pending": len(findings.keys() - counted - gone),
        "overturned": len(overturned),
        "withdrawn": len(said["withdrawn"]),
    }


def _said(events: Iterable[Envelope], verb: str) -> dict[str, dict[str, Any]]:
    kind = f"kycuong.finding.{verb}.v1"
    return {event.data["finding"]: event.data for event in events if event.type == kind}


def _points(finding: dict[str, Any], checked: int) -> Fraction:
    return Fraction(POINTS[finding["severity"]] * finding["count"] * BASE, max(BASE, checked))
