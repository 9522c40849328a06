"""What the minutes of an inspection say (Mẫu 1.9, NĐ 30/2020): fields, figures, the hash that proves them. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.domain.case import FREE, KEPT
from services.kernel.envelope import canonical
from services.kernel.quarters import ICT

BADGE = "B01"
CLEAN = "K00"
"""Nothing was found: never beside something that was."""
EXCUSES = ("leave", "meeting", "duty", "study", "sickness", "maternity")
SIGNERS = ("leader", "secretary", "unit")


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team."""

    name: str
    leads: bool


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding as the minutes name it."""

    code: str
    name: str
    severity: int
    count: int
    photos: int
    withdrawn: bool
    added: bool = False
    """Received after the closing: nobody has read it out before signing."""
    at: datetime | None = None
    """When it was seen."""
    narrative: str | None = ""
    """What the inspector wrote; None once erased."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed inspection as it stands in the database, with its private parts opened (an erased one is None)."""

    inspection: str
    closing: str
    unit_name: str
    kind: str
    basis: str
    opened_at: datetime
    closed_at: datetime
    roll: Mapping[str, Any]
    impartial: bool
    members: Sequence[Member]
    findings: Sequence[Noted]
    private: Mapping[str, Any]
    reply_due: datetime | None = None
    parent_name: str | None = None
    """Of the unit above, where another unit has the same name."""


def figures(closed: Closed) -> dict[str, Any]:
    """What anybody who holds the paper may compare: no name, no private word."""
    return {
        "unit_name": closed.unit_name, "kind": closed.kind, "basis": closed.basis,
        "opened_at": _local(closed.opened_at), "closed_at": _local(closed.closed_at), "roll": dict(closed.roll),
        "findings": found(closed.findings),
    }  # fmt: skip


def found(findings: Iterable[Noted]) -> list[dict[str, Any]]:
    """The findings as figures."""
    return [_figure(one) for one in told(findings)]


def _figure(one: Noted) -> dict[str, Any]:
    said = {"code": one.code, "name": one.name, "count": one.count, "withdrawn": one.withdrawn}
    return said | ({"added": True} if one.added else {})  # only then: what was given out before keeps its hash


def content(closed: Closed) -> dict[str, Any]:
    """Everything that the full minutes say."""
    return first_content(closed) | {
        "version": 2, "findings": [_whole(one) for one in told(closed.findings)],
        "reply_due": closed.reply_due and _local(closed.reply_due), "parent_name": closed.parent_name,
    }  # fmt: skip


def _whole(one: Noted) -> dict[str, Any]:
    """A finding with its severity, its time and, while it stands, its words."""
    said = {"severity": one.severity, "at": one.at and _local(one.at)}
    return _figure(one) | said | ({} if one.withdrawn or one.narrative == "" else {"narrative": one.narrative})


def first_content(closed: Closed) -> dict[str, Any]:
    """What minutes said in their first form: papers given out then stand while this is still so."""
    return figures(closed) | {
        "version": 1, "inspection": closed.inspection, "closing": closed.closing,
        "team": [{"name": one.name, "leads": one.leads} for one in closed.members],
        "impartial": closed.impartial, "photos": sum(one.photos for one in told(closed.findings)),
        "badges_missing": sum(one.count for one in told(closed.findings) if one.code == BADGE and not one.withdrawn),
        "private": {name: value for name, value in closed.private.items() if name in _SAID},
    }  # fmt: skip


_SAID = ("opinion", "refusal", "minutes", "signatures")


def told(findings: Iterable[Noted]) -> list[Noted]:
    """The findings that the paper names, by code; "nothing found" only where no violation stands."""
    named = [one for one in findings if one.severity != KEPT]  # from the unit, and so from the paper that it signs
    if any(one.severity != FREE and not one.withdrawn for one in named):
        named = [one for one in named if one.code != CLEAN]
    return sorted(named, key=lambda one: (one.code, one.count))


def units_edition(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same minutes for the unit's own people: the team by its roles, and only the unit's own signature."""
    private = dict(said["private"])
    if private.get("minutes"):
        private["minutes"] = {
            name: value for name, value in private["minutes"].items() if name not in {"secretary", "leader"}
        }
    if private.get("signatures"):
        private["signatures"] = {name: value for name, value in private["signatures"].items() if name == "unit"}
    return {**said, "team": [{"name": None, "leads": one["leads"]} for one in said["team"]], "private": private}


def content_hash(said: Mapping[str, Any], salt: bytes) -> str:
    """The hash that the paper carries: SHA-256 over a random salt and the RFC 8785 form, in hex."""
    return hashlib.sha256(salt + canonical(said)).hexdigest()


def _local(instant: datetime) -> str:
    return instant.astimezone(ICT).isoformat(timespec="seconds")
