import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel import strict_json
from services.kernel.problems import BadJson
from services.kernel.strict_json import BEYOND, MAX_MARKS, MAX_RAW, clean_text, judge_text, parse


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"{} x", b"\xff\xfe", b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}', b"NaN", b'{"a":Infinity}',
        b"-Infinity", b'"\\ud800"', b'"\\uDC00"', b'{"\\udfff":1}', nested(17), nested(100_000), b"{'a':1}",
        b"\xef\xbb\xbf{}", b'{"a":01}', b'"\x01"', b"9" * 5000 + b"x", b"-",
    ],
)  # fmt: skip
def test_broken_json_is_refused(raw):
    with pytest.raises(BadJson):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b' {"a" : [1, true, null, "\\u00e9"]}\n', {"a": [1, True, None, "é"]}),
        (b'"\\ud83d\\ude00"', "😀"),
        (nested(16), [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
        (b'"' + b"[" * 40 + b'"', "[" * 40),
        (b"1.0", 1.0),
        (b"9007199254740993", 2**53 + 1),
        (b"-" + b"9" * 29, -(10**29) + 1),
        (b"9" * 5000, BEYOND),
        (b'{"a":[-' + b"9" * 5000 + b"]}", {"a": [-BEYOND]}),
    ],
)
def test_good_json_is_read(raw, value):
    assert parse(raw) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_problem(raw):
    try:
        parse(raw)
    except BadJson as problem:
        assert problem.status == 400


def test_text_is_composed():
    assert clean_text("Ho\u0300a") == "Hòa"


@pytest.mark.parametrize(
    "text",
    [
        "o" + "\u0301" * MAX_MARKS,
        "a" * MAX_RAW,
        "ẫ" * MAX_RAW,
        "漢" * 500,
        ("o" + "\u0323\u0302" * 15) * 300,
        "👩‍👩‍👧‍👦" * 40,
    ],
)
def test_texts_that_somebody_may_write_are_composed(text):
    assert clean_text(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "text",
    [
        "o" + "\u0301" * (MAX_MARKS + 1),
        "\u0301\u0323" * 16_000,
        "x" * 50 + "漢" * 50 + "\u0323" * (MAX_MARKS + 1),
        "\u0f73" * 40,  # a mark of no class, which becomes two that have one
        "\U000e0100" * 31,
        "ơ" * (MAX_RAW + 1),
    ],
)
def test_what_would_take_long_to_compose_is_refused_before_it_is(text, monkeypatch):
    def composed(*_):
        raise AssertionError("it was composed")

    monkeypatch.setattr(strict_json, "normalize", composed)
    for judge in (judge_text, clean_text):
        with pytest.raises(ValueError) as refused:
            judge(text)
        vi, en = refused.value.args[0]
        assert re.search(r"12000|30", vi) and re.search(r"12000|30", en)
