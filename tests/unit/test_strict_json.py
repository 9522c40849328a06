import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.problems import BadJson
from services.kernel.strict_json import BEYOND, clean_text, parse


def nested(depth):
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"{} x", b"\xff\xfe", b'{"a":1,"a":1}', b'{"a":{"b":1,"b":2}}', b"NaN", b'{"a":Infinity}',
        b"-Infinity", b'"\\ud800"', b'{"\\udfff":1}', nested(17), nested(100_000), b"{'a':1}", b"\xef\xbb\xbf{}",
        b'{"a":01}', b'"\x01"', b"9" * 5000 + b"x", b"-",
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
