"""The published event schemas and their golden examples agree with each other and with the kernel's envelope."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785
from jsonschema import Draft202012Validator

from services.domain.rulefiles import genesis
from services.kernel.envelope import MAX_EVENT_BYTES, canonical, derived_id, event_bytes, genesis_id, read_envelope
from tests.support.schemas import FOLDER, SHARED, BadEvent, example, kinds, schema, validate_event

ISSUED = {
    "unit": ("registered", "amended", "closed", "succeeded"),
    "catalogue": ("published",), "scoring": ("published",), "calendar": ("published",), "deadlines": ("published",),
    "post": ("assumed", "left"),
    "inspection": ("opened", "closed", "corrected", "voided", "team_changed", "acknowledged"),
    "finding": (
        "recorded", "withdrawn", "replied", "extension_requested", "lapsed", "completed", "decided", "corrected",
        "released", "extended", "appealed", "answered", "reopened", "second_reviewed", "reminded", "escalated",
    ),
    "remedy": ("planned", "extension_requested", "extended", "reported", "verified", "refused", "overdue", "reminded"),
    "commendation": ("recorded",), "survey": ("recorded",),
    "quarter": ("closed", "published", "restated"),
    "round": ("planned", "beacon", "drawn", "assigned", "closed"),
    "photo": ("redacted",),
    "data": ("exported",), "part": ("erased",),
    "log": ("key_added",),
}  # fmt: skip
Change = Callable[[dict[str, Any]], object]


def test_there_is_a_schema_for_each_type_and_no_other() -> None:
    assert kinds() == sorted(f"{noun}.{verb}.v1" for noun, verbs in ISSUED.items() for verb in verbs)


@pytest.mark.parametrize("kind", [*SHARED, *kinds()])
def test_schema_is_itself_valid(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))


@pytest.mark.parametrize("kind", kinds())
def test_schema_is_found_by_the_events_dataschema_and_closed(kind: str) -> None:
    data = schema(kind)["$defs"]["data"]
    assert data["$id"] == f"kycuong:{kind}"
    assert data["additionalProperties"] is False
    assert "by" in data["required"]


@pytest.mark.parametrize("kind", kinds())
def test_example_is_valid_and_exactly_canonical(kind: str) -> None:
    raw = example(kind)
    event = validate_event(raw)
    assert event["type"] == f"kycuong.{kind}"
    assert canonical(event) == raw == rfc8785.dumps(event)
    assert not raw.endswith(b"\n")
    assert len(raw) <= MAX_EVENT_BYTES
    assert read_envelope(raw).data == event["data"]


@pytest.mark.parametrize("kind", kinds())
def test_every_required_field_is_required_and_no_other_is_taken(kind: str) -> None:
    event = json.loads(example(kind))
    for name in schema(kind)["$defs"]["data"]["required"]:
        _refused(event, lambda changed, name=name: changed["data"].pop(name))
    for name in event:
        _refused(event, lambda changed, name=name: changed.pop(name))
    _refused(event, lambda changed: changed["data"].update(note="x"))
    _refused(event, lambda changed: changed.update(traceparent="00-0-0-00"))
    _refused(event, lambda changed: changed["data"]["by"].update(account="lan"))


def test_the_rule_files_make_valid_genesis_events() -> None:
    start, origin = datetime(2026, 1, 2, 1, tzinfo=UTC), "//kycuong.local/3f9a0c1d2e4b/intake"
    published = genesis()
    assert [item.type.split(".")[1] for item in published] == [
        "catalogue",
        "scoring",
        "scoring",
        "scoring",
        "calendar",
        "calendar",
        "deadlines",
    ]
    for number, item in enumerate(published, start=1):
        raw = event_bytes(
            id=genesis_id(item.type, item.version), type=item.type, source=origin, subject=item.subject,
            time=start, unit="-", unitseq=number, data=item.data | {"by": {"role": "system"}},
        )  # fmt: skip
        validate_event(raw)


def test_an_administrator_publishes_a_calendar_too() -> None:
    event = json.loads(example("calendar.published.v1"))
    event["data"]["by"] = {"role": "admin", "ref": "0" * 32}
    assert validate_event(canonical(event))["data"]["by"]["role"] == "admin"


def test_derived_ids_of_the_examples() -> None:
    for noun in ("catalogue", "scoring", "calendar", "deadlines"):
        event = json.loads(example(f"{noun}.published.v1"))
        assert event["id"] == genesis_id(event["type"], event["data"]["version"])
    drawn = json.loads(example("round.drawn.v1"))
    assert drawn["id"] == derived_id(drawn["data"]["round"], drawn["type"], 1)
    lapsed = json.loads(example("finding.lapsed.v1"))
    assert lapsed["id"] == derived_id(lapsed["data"]["finding"], lapsed["type"], 1)


def _commit(event: dict[str, Any], part: str) -> None:
    event["data"]["commitments"][part] = "0" * 64


CHANGES: list[tuple[str, str, Change]] = [
    ("count 0", "finding.recorded.v1", lambda e: e["data"].update(count=0)),
    ("count 10,000", "finding.recorded.v1", lambda e: e["data"].update(count=10_000)),
    ("count true", "finding.recorded.v1", lambda e: e["data"].update(count=True)),
    ("a commendation's code", "finding.recorded.v1", lambda e: e["data"].update(code="K01")),
    ("no group G", "finding.recorded.v1", lambda e: e["data"].update(code="G01")),
    ("free text", "finding.recorded.v1", lambda e: e["data"].update(narrative="đi muộn")),
    ("a name", "finding.recorded.v1", lambda e: e["data"].update(persons=["Lan"])),
    ("persons at severity 1", "finding.recorded.v1", lambda e: _commit(e, "persons")),
    ("a short commitment", "finding.recorded.v1", lambda e: e["data"]["commitments"].update(narrative="00")),
    ("fewer commitments than photos", "finding.recorded.v1", lambda e: e["data"].update(photos=2)),
    ("a time without offset", "finding.recorded.v1", lambda e: e["data"].update(captured_at="2026-09-01T07:45:12")),
    ("a 30th of February", "finding.recorded.v1", lambda e: e["data"].update(captured_at="2026-02-30T07:45:12+07:00")),
    ("another finding's id", "finding.recorded.v1", lambda e: e.update(id=e["data"]["inspection"])),
    ("another subject", "finding.recorded.v1", lambda e: e.update(subject="inspection/" + e["data"]["inspection"])),
    ("a reviewer filing", "finding.recorded.v1", lambda e: e["data"]["by"].update(role="reviewer")),
    ("an upper-case id", "finding.recorded.v1", lambda e: e.update(id=e["id"].upper())),
    ("unitseq 0", "finding.recorded.v1", lambda e: e.update(unitseq=0)),
    ("no unit", "finding.recorded.v1", lambda e: e.update(unit="-")),
    ("seconds only", "finding.recorded.v1", lambda e: e.update(time="2026-09-01T00:47:02Z")),
    ("sums", "inspection.closed.v1", lambda e: e["data"].update(present=44)),
    ("more late than present", "inspection.closed.v1", lambda e: e["data"].update(late=44)),
    ("an unknown excuse", "inspection.closed.v1", lambda e: e["data"]["excused"].update(golf=0)),
    ("a private reason for the choice", "inspection.opened.v1", lambda e: e["data"].update(selection="complaint")),
    ("an account in the team", "inspection.opened.v1", lambda e: e["data"].update(team=["lan"])),
    ("an amendment of nothing", "unit.amended.v1", lambda e: e["data"].pop("staff")),
    ("a split without cases_to", "unit.succeeded.v1", lambda e: e["data"].update(kind="split")),
    ("the wrong side", "unit.succeeded.v1", lambda e: e["data"].update(side="from")),
    ("a decision without its reason's commitment", "finding.decided.v1", lambda e: e["data"]["commitments"].clear()),
    ("an outcome of one's own", "finding.decided.v1", lambda e: e["data"].update(outcome="guilty")),
    ("a lapse at another time", "finding.lapsed.v1", lambda e: e["data"].update(due="2026-09-10T16:59:59.999Z")),
    ("a lapse by a person", "finding.lapsed.v1", lambda e: e["data"].update(by={"role": "reviewer", "ref": "0" * 32})),
    ("a quarter with a unit", "quarter.closed.v1", lambda e: e.update(unit="xa-tan-hoa")),
    ("a round of a unit", "round.planned.v1", lambda e: e.update(unit="xa-tan-hoa")),
    ("another round's id", "round.planned.v1", lambda e: e["data"].update(round=e["id"][:-1] + "f")),
    ("a complaint", "round.planned.v1", lambda e: e["data"]["chosen"][0].update(selection="complaint")),
    ("151 units", "round.planned.v1", lambda e: e["data"]["strata"][0].update(size=151)),
    ("candidates without a root", "round.planned.v1", lambda e: e["data"]["candidates"][0].pop("root")),
    ("a plan by an inspector", "round.planned.v1", lambda e: e["data"]["by"].update(role="inspector")),
    ("a draw by a person", "round.drawn.v1", lambda e: e["data"].update(by={"role": "lead", "ref": "0" * 32})),
    ("an opener's name", "round.assigned.v1", lambda e: e["data"].update(opener="lan")),
    ("a note in the open", "round.closed.v1", lambda e: e["data"].update(note="Xong.")),
    ("no part", "part.erased.v1", lambda e: e["data"]["parts"].clear()),
    ("a part twice", "part.erased.v1", lambda e: e["data"]["parts"].append("narrative")),
    ("parts out of order", "part.erased.v1", lambda e: e["data"]["parts"].reverse()),
    ("a part that no event has", "part.erased.v1", lambda e: e["data"]["parts"].append("zeal")),
    ("a reason in the open", "part.erased.v1", lambda e: e["data"].update(reason="nhầm người")),
    ("an erasure by who asked for it", "part.erased.v1", lambda e: e["data"]["by"].update(role="reviewer")),
    ("another event's subject", "part.erased.v1", lambda e: e.update(subject="part/" + e["id"])),
    ("another key's subject", "log.key_added.v1", lambda e: e.update(subject="log-key/00000000")),
    ("a key of another log", "log.key_added.v1", lambda e: e.update(source="//other.example/intake")),
    ("a private key", "log.key_added.v1", lambda e: e["data"].update(vkey="PRIVATE+KEY+" + e["data"]["vkey"])),
    ("a key of a unit", "log.key_added.v1", lambda e: e.update(unit="xa-tan-hoa")),
    ("a form of cards of one's own", "quarter.closed.v1", lambda e: e["data"].update(cards="card-json/1")),
    ("a short root", "quarter.published.v1", lambda e: e["data"].update(cards_root="AAAA")),
    ("a publication of nothing", "quarter.published.v1", lambda e: e["data"].update(closing="official")),
    ("a publication by a head", "quarter.published.v1", lambda e: e["data"]["by"].update(role="unit_head")),
    (
        "a calendar by a reviewer",
        "calendar.published.v1",
        lambda e: e["data"].update(by={"role": "reviewer", "ref": "0" * 32}),
    ),
    ("a calendar without a last day", "calendar.published.v1", lambda e: e["data"].update(until="2027")),
    ("a fifth quarter", "quarter.closed.v1", lambda e: e["data"].update(quarter="2026-Q5")),
]


@pytest.mark.parametrize(("what", "kind", "change"), CHANGES, ids=[f"{kind}: {what}" for what, kind, _ in CHANGES])
def test_a_wrong_event_is_refused(what: str, kind: str, change: Change) -> None:
    _refused(json.loads(example(kind)), change)


def test_other_spellings_and_sizes_are_refused() -> None:
    raw = example("finding.recorded.v1")
    for changed in (raw + b"\n", json.dumps(json.loads(raw)).encode(), raw.replace(b'"id"', b'"\\u0069d"')):
        with pytest.raises(BadEvent, match="RFC 8785"):
            validate_event(changed)
    with pytest.raises(BadEvent, match="bytes"):
        validate_event(raw + b" " * MAX_EVENT_BYTES)
    with pytest.raises(BadEvent, match="no schema"):
        validate_event(raw.replace(b"finding.recorded.v1", b"finding.invented.v1"))


def test_every_example_has_a_schema() -> None:
    assert {path.name.removesuffix(".example.json") for path in FOLDER.glob("*.example.json")} == set(kinds())


def _refused(event: dict[str, Any], change: Change) -> None:
    changed = json.loads(json.dumps(event))
    change(changed)
    assert changed != event
    with pytest.raises(BadEvent):
        validate_event(canonical(changed))
