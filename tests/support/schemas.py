"""Checks an emitted event against its published schema: every suite that sees event bytes may call it."""

import json
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from services.kernel.envelope import MAX_EVENT_BYTES, canonical

FOLDER = Path(__file__).parents[2] / "schemas" / "events"
SHARED = ("common.v1", "envelope.v1")
NAMED_BY = dict.fromkeys(("catalogue", "scoring", "calendar", "deadlines"), "version") | {
    "post": "tenure", "part": "event",
}  # fmt: skip

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_formats.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value.upper()).tzinfo is not None


class BadEvent(AssertionError):
    """Event bytes that the published schema does not allow."""


@cache
def kinds() -> list[str]:
    """Every event type with a schema, without the `kycuong.` prefix: `finding.recorded.v1`."""
    names = (path.name.removesuffix(".schema.json") for path in FOLDER.glob("*.schema.json"))
    return sorted(name for name in names if name not in SHARED)


def example(kind: str) -> bytes:
    """The golden bytes of an event type."""
    return (FOLDER / f"{kind}.example.json").read_bytes()


def schema(kind: str) -> dict[str, Any]:
    """The published schema of an event type, or of a shared part."""
    loaded: dict[str, Any] = json.loads((FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _registry() -> Registry[Any]:
    resources = (Resource.from_contents(schema(kind)) for kind in (*SHARED, *kinds()))
    return Registry[Any]().with_resources((str(resource.id()), resource) for resource in resources).crawl()


@cache
def validator(kind: str) -> Draft202012Validator:
    """The validator of a whole event of one type; formats are checked too."""
    return Draft202012Validator(schema(kind), registry=_registry(), format_checker=_formats)


def validate_event(raw: bytes) -> dict[str, Any]:
    """The event, once it is canonical, within 16 KiB, of a known type, valid and at one with itself; else BadEvent."""
    _check(raw)
    event: dict[str, Any] = json.loads(raw)
    return event


@lru_cache(1 << 14)
def _check(raw: bytes) -> None:
    """Raise what is wrong with it: most made logs begin with the same events, and each takes a millisecond."""
    if len(raw) > MAX_EVENT_BYTES:
        raise BadEvent(f"{len(raw)} bytes, at most {MAX_EVENT_BYTES}")
    event: dict[str, Any] = json.loads(raw)
    if canonical(event) != raw:
        raise BadEvent(f"not in RFC 8785 form: {raw[:200]!r}")
    kind = str(event.get("dataschema", "")).removeprefix("kycuong:")
    if kind not in kinds():
        raise BadEvent(f"no schema in {FOLDER.name}/ for dataschema {event.get('dataschema')!r}")
    if errors := sorted(validator(kind).iter_errors(event), key=lambda error: list(map(str, error.absolute_path))):
        raise BadEvent("; ".join(f"{kind} {error.json_path}: {error.message}" for error in errors))
    if problems := list(_inconsistencies(kind, event)):
        raise BadEvent(f"{kind} {event['id']}: " + "; ".join(problems))


def _inconsistencies(kind: str, event: dict[str, Any]) -> list[str]:
    """What a JSON Schema cannot say: parts of one event that must agree."""
    data, noun = event["data"], kind.split(".")[0]
    told: list[tuple[bool, str]] = []
    expected = _subject(noun, event)
    told.append((event["subject"] == expected, f"subject {event['subject']} is not {expected}"))
    whole = ("inspection.opened.v1", "finding.recorded.v1", "commendation.recorded.v1", "round.planned.v1")
    if kind in whole:
        told.append((data[noun] == event["id"], f"{noun} {data[noun]} is not the event's id"))
    if kind == "inspection.closed.v1":
        total = data["present"] + sum(data["excused"].values()) + data["unexcused"]
        told.append((total == data["assigned"], f"present, excused and unexcused make {total}, not {data['assigned']}"))
        told.append((data["late"] <= data["present"], "more late than present"))
    if kind == "finding.recorded.v1":
        photos = sum(name.startswith("photo.") for name in data["commitments"])
        told.append((photos == data["photos"], f"{photos} commitments for {data['photos']} photos"))
    if kind == "finding.completed.v1":
        told.append((len(data["commitments"]) <= data["photos"], "more commitments than photos"))
    if kind in ("finding.lapsed.v1", "remedy.overdue.v1"):
        told.append((data["due"] == event["time"], "the time is not the deadline"))
    if kind == "unit.succeeded.v1":
        told.append((event["unit"] in data[data["side"]], f"the unit is not on the side {data['side']}"))
    if kind == "part.erased.v1":
        told.append((data["parts"] == sorted(data["parts"]), "the parts are not sorted"))
    if kind == "log.key_added.v1":
        told.append((event["source"] == f"//{data['vkey'].split('+')[0]}/intake", "a key of another origin"))
    return [problem for fine, problem in told if not fine]


def _subject(noun: str, event: dict[str, Any]) -> str:
    """What an event is about, as its data tell it."""
    if noun == "log":
        return f"log-key/{event['data']['vkey'].split('+')[1]}"
    if noun == "survey":
        return f"survey/{event['id']}"
    if noun == "data":
        return f"export/{event['id']}"
    if noun in ("remedy", "photo"):
        noun = "finding"
    return f"{noun}/{event['unit'] if noun == 'unit' else event['data'][NAMED_BY.get(noun, noun)]}"
