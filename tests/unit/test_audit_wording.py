"""Events in words: every type that is emitted has a name, and fields read as a person would say them."""

import json
from pathlib import Path

import pytest

from services.audit.wording import FIELDS, Field, fields, part_words, type_words

EXAMPLES = sorted((Path(__file__).parents[2] / "schemas/events").glob("*.example.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name.removesuffix(".example.json"))
def test_every_type_and_its_fields_have_words(path: Path) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    vi, en = type_words(event["type"])
    assert event["type"] not in (vi, en)
    shown = fields(event["data"])
    bare = [one.label[0] for one in shown if one.label[0] == one.label[1]]
    assert all(name.startswith("rules.") for name in bare), f"{bare}: only a rule file's numbers keep their names"


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
        Field(FIELDS["by.role"], ("chuyên viên thẩm định", "reviewer")),
        Field(FIELDS["by.ref"], ("ab", "ab")),
        Field(FIELDS["accepts"], ("không", "no")),
        Field(FIELDS["severity"], ("3", "3")),
        Field(FIELDS["flags"], ("–", "–")),
        Field(FIELDS["codes"], ("2 mục, xem nội dung gốc", "2 items, see the exact content")),
        Field(FIELDS["parts"], ("lời mô tả, ảnh 2", "narrative, photo 2")),
        Field(FIELDS["closed_at"], (told["closed_at"],) * 2, "instant"),  # type: ignore[arg-type]
        Field(FIELDS["finding"], (told["finding"],) * 2, "entry"),  # type: ignore[arg-type]
        Field(("Cam kết của phần riêng: ảnh 1", "Commitment to a private part: photo 1"), ("cd", "cd")),
    ]


def test_a_part_without_words_is_shown_as_it_stands() -> None:
    assert part_words("persons") == ("tên người", "names of persons")
    assert part_words("sketch") == ("sketch", "sketch")
