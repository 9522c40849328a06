"""Events in words: every type that is emitted has a name, and fields read as a person would say them."""

import json
from pathlib import Path

import pytest

from services.audit.wording import FIELDS, VALUES, Field, Known, fields, part_words, type_words, units_named

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas/events").glob("*.v1.schema.json"))
OF_RULE_FILES = ("rules.", "comparison.")
EXAMPLES = sorted((Path(__file__).parents[2] / "schemas/events").glob("*.example.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name.removesuffix(".example.json"))
def test_every_type_and_its_fields_have_words(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    vi, en = type_words(event["type"])
    assert event["type"] not in (vi, en)
    shown = fields(event["data"])
    bare = [one.label[0] for one in shown if one.label[0] == one.label[1]]
    assert all(name.startswith(OF_RULE_FILES) for name in bare), f"{bare}: only a rule file's numbers keep their names"


def test_a_type_without_words_is_shown_as_it_stands() -> None:
    assert type_words("kycuong.moon.risen.v1") == ("kycuong.moon.risen.v1",) * 2
    assert type_words("kycuong.finding.recorded.v2") == ("Ghi nhận của đoàn kiểm tra", "Finding recorded")


def test_values_read_as_words() -> None:
    told = {
        "by": {"role": "reviewer", "ref": "ab"},
        "accepts": False,
        "severity": 3,
        "flags": [],
        "codes": [{"code": "A01"}, {"code": "A02"}],
        "parts": ["narrative", "photo.2"],
        "closed_at": "2026-09-01T10:00:00+07:00",
        "finding": "01990402-7a1b-7c2d-8e3f-4a5b6c7d8e02",
        "commitments": {"photo.1": "cd"},
    }
    assert fields(told) == [
        Field(FIELDS["severity"], ("mức 3: đề nghị kiểm điểm", "level 3: review")),
        Field(FIELDS["accepts"], ("không", "no")),
        Field(FIELDS["closed_at"], (told["closed_at"],) * 2, "instant"),  # type: ignore[arg-type]
        Field(FIELDS["flags"], ("–", "–")),
        Field(FIELDS["parts"], ("mô tả, ảnh 2", "description, photo 2")),
        Field(FIELDS["finding"], (told["finding"],) * 2, "entry"),  # type: ignore[arg-type]
        Field(FIELDS["codes"], ("2 mục, xem nội dung gốc", "2 items, see the exact content")),
        Field(FIELDS["by.role"], ("chuyên viên thẩm định", "reviewer")),
        Field(FIELDS["by.ref"], ("ab", "ab")),
        Field(("Mã băm của nội dung không công khai: ảnh 1", "Commitment to a private part: photo 1"), ("cd", "cd")),
    ]


def test_ids_read_as_names_and_nothing_links_to_itself() -> None:
    known = Known({"xa-tan-hoa": "UBND xã Tân Hòa"}, {"A05": ("Quầy vắng người", "Counter empty")}, "own")
    told = {"finding": "own", "code": "A05", "from": ["xa-tan-hoa", "xa-la"], "side": "to", "elapsed_ms": 192_500,
            "date": "2026-09-01", "quarter": "2026-Q3", "assigned": 1250, "name": "random"}  # fmt: skip
    assert {one.label[0]: (one.value[0], one.kind) for one in fields(told, known)} == {
        "Nội dung": ("A05 Quầy vắng người", "words"), "Từ đơn vị": ("UBND xã Tân Hòa, xa-la", "words"),
        "Bên trong việc sắp xếp": ("đơn vị mới", "words"), "Ngày": ("2026-09-01", "day"),
        "Quý": ("2026-Q3", "quarter"), "Biên chế được giao": ("1.250", "words"), "Tên": ("random", "words"),
        "Thời gian từ lúc mở, theo máy": ("3 phút 12 giây", "words"),
    }  # fmt: skip
    assert units_named(told) == {"xa-tan-hoa", "xa-la"}


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name.removesuffix(".schema.json"))
def test_every_field_and_value_that_a_schema_allows_has_words(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    names, values = set(), set()
    collect(schema.get("$defs", {}).get("data", {}), "", names, values)
    assert {name for name in names if name not in FIELDS and not name.startswith((*OF_RULE_FILES, "by"))} == set()
    assert {value for value in values if value not in VALUES} <= {"card/1", "card/2", "from", "to"}


def collect(part: dict, prefix: str, names: set[str], values: set[str]) -> None:
    for name, field in part.get("properties", {}).items():
        if name == "commitments":
            continue
        if "properties" in field:
            collect(field, f"{prefix}{name}.", names, values)
            continue
        names.add(prefix + name)
        values.update(value for value in field.get("enum", []) if isinstance(value, str))


def test_a_part_without_words_is_shown_as_it_stands() -> None:
    assert part_words("persons") == ("người liên quan", "persons concerned")
    assert part_words("sketch") == ("sketch", "sketch")
