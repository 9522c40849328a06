"""Catalogue, scoring and calendar files: valid against their schemas, and what domain and folds expect of them."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.domain.catalogue import in_force
from services.domain.rulefiles import SCHEMAS, BadRuleFile, genesis, load_calendar, load_catalogues
from services.kernel.envelope import canonical

KINDS = ("catalogue", "scoring", "calendar", "deadlines")

PUBLISHED = {
    "catalogue/2026.1.json": "1a0fa90f77c31468ccefaa853892aece198617f4710695d14aaef04b40d08f24",
    "scoring/2026.1.json": "099f893351dd154ab043531294bf15bbe5a850855b9c7c0eafb8c214b8e23e65",
    "scoring/2026.2.json": "3b7ea20f7494a596c2466cd6cf0a9cbbb72650304825668f7f316f39e20e172d",
    "scoring/2026.3.json": "adb281cfa4c764270f25b4d54e1975b752ab8107ac918839530736dc8f3f2d2a",
    "calendar/2026.1.json": "6ac90a2e891a1cbe82a71af2dbea8a21546b8d190c312a7ffbf190e9edb438f5",
    "calendar/2026.2.json": "2be22c76fe25a4cc0711d574da5ecc4255559f044168260de49a1a1e6b0451d1",
    "deadlines/2026.1.json": "7d5ef897f9d5cb4e5f37d8c758328e1e924df3306de65389d6979bbb7863c992",
}
"""What logs have pinned: another content needs another version."""
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


def test_evidence_is_explained() -> None:
    catalogue = content("catalogue")
    assert {mark for code in catalogue["codes"] for mark in code["evidence"]} <= set(catalogue["evidence"])


def test_in_force_from_the_first_day_of_a_quarter() -> None:
    catalogues = load_catalogues()
    assert in_force(catalogues, date(2026, 1, 1)).version == "2026.1"
    with pytest.raises(LookupError):
        in_force(catalogues, date(2025, 12, 31))
    mended = replace(catalogues[0], version="2026.2")
    assert in_force([*catalogues, mended], date(2026, 1, 1)) is mended


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
    assert [event.subject for event in events] == [
        "catalogue/2026.1", "scoring/2026.1", "scoring/2026.2", "scoring/2026.3", "calendar/2026.1",
        "calendar/2026.2", "deadlines/2026.1",
    ]  # fmt: skip
    for event in events:
        kind, _, version = event.subject.partition("/")
        assert event.type == f"kycuong.{kind}.published.v1"
        assert event.data["sha256"] == sha256((SCHEMAS / kind / f"{version}.json").read_bytes()).hexdigest()
        assert len(canonical(event.data)) < 15 * 1024
    assert set(events[0].data) == {"version", "valid_from", "sha256", "codes"}
    assert set(events[0].data["codes"][0]) == {"code", "group", "severity", "per", "per_case"}
    assert set(events[1].data) == {"version", "method", "valid_from", "sha256", "rules"}
    assert set(events[2].data) == set(events[1].data)
    assert set(events[3].data) == {*events[1].data, "comparison"}
    assert set(events[4].data) == {"version", "sha256", "holidays", "makeup", "reply_working_days"}
    assert set(events[5].data) == {*events[4].data, "until"}
    assert set(events[6].data) == {*content("deadlines"), "sha256"}


def test_what_is_published_never_changes() -> None:
    assert {f"{kind}/{path.name}": sha256(path.read_bytes()).hexdigest() for kind, path in rule_files()} == PUBLISHED


def changed(folder: Path, kind: str, name: str, **fields: Any) -> Path:
    """The program's rule files with one more, or one otherwise."""
    schemas = folder / "schemas"
    if not schemas.exists():
        shutil.copytree(SCHEMAS, schemas)
    (schemas / kind / f"{name}.json").write_text(
        json.dumps(content(kind) | {"version": name} | fields, ensure_ascii=False), encoding="utf-8"
    )
    return schemas


@pytest.mark.parametrize("kind", ["catalogue", "scoring", "deadlines"])
@pytest.mark.parametrize("first", ["2026-11-15", "2026-10-02", "2026-12-31", "2027-02-01"])
def test_rules_that_begin_within_a_quarter_are_refused(tmp_path: Path, kind: str, first: str) -> None:
    schemas = changed(tmp_path, kind, "2026.3", valid_from=first)
    with pytest.raises(BadRuleFile, match=rf"{kind}/2026.3.json .* quý .*within a quarter"):
        genesis(schemas)


@pytest.mark.parametrize("kind", ["catalogue", "scoring"])
def test_rules_that_begin_with_a_quarter_are_taken(tmp_path: Path, kind: str) -> None:
    before = [one.version for one in genesis() if one.subject.startswith(kind)]
    schemas = changed(tmp_path, kind, "2026.4", valid_from="2027-01-01")
    assert [one.version for one in genesis(schemas) if one.subject.startswith(kind)] == [*before, "2026.4"]
    assert [one.version for one in load_catalogues(schemas)] == ["2026.1", "2026.4"][: 2 if kind == "catalogue" else 1]


@pytest.mark.parametrize(
    ("kind", "version", "fields", "says"),
    [
        ("catalogue", "2026.2", {"valid_from": "2026-13-01"}, "lacks or misshapes"),
        ("catalogue", "2026.2", {"valid_from": None}, "lacks or misshapes"),
        ("catalogue", "2026.2", {"valid_from": "2027-01-01", "codes": [{"code": "A01"}]}, "lacks or misshapes"),
        ("scoring", "2026.2", {"version": "2026.3", "valid_from": "2027-01-01"}, "says it is version 2026.3"),
        ("calendar", "2026.3", {"holidays": [{"from": "2026-09-02", "to": "2026-09-01", "name": "x"}]}, "lacks or"),
        ("calendar", "2026.3", {"makeup": ["22/08/2026"]}, "lacks or misshapes"),
        ("deadlines", "2026.2", {"valid_from": "2027-01-01", "reply_working_days": 0}, "lacks or misshapes"),
        ("deadlines", "2026.2", {"valid_from": "2027-01-01", "reply_working_days": "5"}, "lacks or misshapes"),
        ("deadlines", "2026.2", {"valid_from": "2027-01-01", "grace_working_days": 5}, "lacks or misshapes"),
        ("calendar", "mới", {}, "lacks or misshapes"),
    ],
)
def test_a_broken_rule_file_is_named(tmp_path: Path, kind: str, version: str, fields: Any, says: str) -> None:
    schemas = changed(tmp_path, kind, version, **fields)
    with pytest.raises(BadRuleFile, match=f"{kind}/.*{says}"):
        genesis(schemas)
        load_catalogues(schemas)


def test_a_rule_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    schemas = changed(tmp_path, "calendar", "2026.3")
    (schemas / "calendar" / "2026.3.json").write_bytes(b"{")
    with pytest.raises(BadRuleFile, match=r"calendar/2026\.3\.json"):
        load_calendar(schemas)
