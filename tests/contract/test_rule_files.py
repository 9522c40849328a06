"""Catalogue, scoring and calendar files: valid against their schemas, and what domain and folds expect of them."""

import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.intake.catalogue import COMMENDATIONS, in_force
from services.intake.rulefiles import SCHEMAS, genesis, load_catalogues
from services.kernel.envelope import canonical

KINDS = ("catalogue", "scoring", "calendar")

SEVERITIES = {
    "A": "112132", "B": "11111", "C": "32243", "D": "223112", "E": "322", "F": "31243", "H": "12332", "K": "00000",
}  # fmt: skip
PER_UNIT = {
    "A05", "A06", "B02", "B04", "B05", "D01", "D02", "D03", "D04", "D05", "D06", "E02", "E03",
    "H01", "H02", "H03", "H04", "H05", "K00", "K01", "K02", "K03", "K04",
}  # fmt: skip


def content(kind: str, version: str = "2026.1") -> Any:
    return json.loads((SCHEMAS / kind / f"{version}.json").read_bytes())


def schema(kind: str) -> Any:
    return json.loads((SCHEMAS / kind / f"{kind}.schema.json").read_bytes())


def rule_files() -> Iterator[tuple[str, Path]]:
    for kind in KINDS:
        yield from ((kind, path) for path in (SCHEMAS / kind).glob("[0-9]*.json"))


@pytest.mark.parametrize(("kind", "path"), list(rule_files()))
def test_every_version_is_valid(kind: str, path: Path) -> None:
    validator = jsonschema.Draft202012Validator(schema(kind), format_checker=jsonschema.FormatChecker())
    validator.check_schema(schema(kind))
    assert [error.message for error in validator.iter_errors(json.loads(path.read_bytes()))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_refuses_an_unknown_field(kind: str) -> None:
    validator = jsonschema.Draft202012Validator(schema(kind))
    assert not validator.is_valid(content(kind) | {"extra": 1})


def test_a_person_code_cannot_count_cases() -> None:
    catalogue = content("catalogue")
    catalogue["codes"][0]["per_case"] = True
    assert not jsonschema.Draft202012Validator(schema("catalogue")).is_valid(catalogue)


def test_codes_are_those_of_the_domain_page() -> None:
    (catalogue,) = load_catalogues()
    first = {"K": 0}
    expected = {
        f"{group}{first.get(group, 1) + n:02d}": int(severity)
        for group, severities in SEVERITIES.items()
        for n, severity in enumerate(severities)
    }
    assert {code.code: code.severity for code in catalogue.codes.values()} == expected
    assert {code.code for code in catalogue.codes.values() if code.per == "unit"} == PER_UNIT
    assert {code.code for code in catalogue.codes.values() if code.per_case} == {
        "B04",
        "D01",
        "D02",
        "D03",
    }
    assert all(code.group == code.code[0] and code.group in catalogue.groups for code in catalogue.codes.values())
    assert COMMENDATIONS.isdisjoint(code.code for code in catalogue.fileable)


def test_evidence_is_explained() -> None:
    catalogue = content("catalogue")
    assert {mark for code in catalogue["codes"] for mark in code["evidence"]} <= set(catalogue["evidence"])


def test_in_force_from_the_first_day_of_a_quarter() -> None:
    catalogues = load_catalogues()
    assert in_force(catalogues, date(2026, 1, 1)).version == "2026.1"
    with pytest.raises(LookupError):
        in_force(catalogues, date(2025, 12, 31))


def test_scoring_caps_make_a_hundred_and_bands_fall() -> None:
    scoring = content("scoring")
    rules = scoring["rules"]
    assert sum(rules["caps"].values()) == 100
    assert list(rules["caps"]) == list("ABCDEFH")
    froms = [band["from"] for band in rules["bands"]]
    assert froms == sorted(froms, reverse=True)
    assert froms[-1] == 0
    assert {band["band"] for band in rules["bands"]} | {"insufficient"} == set(scoring["labels"])
    codes = load_catalogues()[0].codes
    assert all(
        code in codes
        for code in [
            *rules["bonus"]["codes"],
            *(gate["code"] for gate in rules["gates"]),
        ]
    )


def test_genesis_carries_the_files_in_order_and_pins_their_bytes() -> None:
    events = genesis()
    assert [event.type for event in events] == [f"kycuong.{kind}.published.v1" for kind in KINDS]
    assert [event.subject for event in events] == [f"{kind}/2026.1" for kind in KINDS]
    for kind, event in zip(KINDS, events, strict=True):
        assert event.data["sha256"] == sha256((SCHEMAS / kind / "2026.1.json").read_bytes()).hexdigest()
        assert len(canonical(event.data)) < 15 * 1024
    assert set(events[0].data) == {"version", "valid_from", "sha256", "codes"}
    assert set(events[0].data["codes"][0]) == {
        "code",
        "group",
        "severity",
        "per",
        "per_case",
    }
    assert set(events[1].data) == {"version", "method", "valid_from", "sha256", "rules"}
    assert set(events[2].data) == {
        "version",
        "sha256",
        "holidays",
        "makeup",
        "reply_working_days",
    }
