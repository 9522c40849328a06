"""JSON as the wire contract takes it: UTF-8, no doubled keys, depth at most 16, no lone surrogates, no NaN."""

import json
import re
from typing import Any, cast
from unicodedata import category, normalize

from services.kernel.problems import BadJson

MAX_DEPTH = 16
BEYOND = 10**30  # stands for every longer integer: no field takes either, so all are refused alike
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BLANK = re.compile(r"[ \t\r\n]*")
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a symbol that show nothing
_LONGEST = 30  # characters of an integer that is read exactly
MAX_RAW = 12_000  # characters of a text before it is composed
MAX_MARKS = 30  # combining marks in a row
_DENSE = re.compile(rf"[^\x00-\u02ff]{{{MAX_MARKS + 1},}}")  # no mark lies below U+0300, and few words are so long


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _bad("một khóa bị lặp trong cùng một đối tượng", "an object has a key twice")
    return members


def _constant(name: str) -> Any:
    raise _bad(f"{name} không phải là JSON", f"{name} is not JSON")


def _integer(digits: str) -> int:
    """The integer; one that no field could hold is not worth the time to read, and Python would refuse to."""
    if len(digits) <= _LONGEST:
        return int(digits)
    return -BEYOND if digits[0] == "-" else BEYOND


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)


def parse(raw: bytes) -> Any:
    """The value of a JSON text; BadJson says what is wrong with it."""
    try:
        text = raw.decode("utf-8")
        value, end = _decoder.raw_decode(text, _blank(text, 0))
    except UnicodeDecodeError:
        raise _bad("nội dung không phải UTF-8", "the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise _bad("không đọc được JSON", "the JSON is broken") from None
    if _blank(text, end) != len(text):
        raise _bad("thừa ký tự sau JSON", "there is text after the JSON")
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise _bad(f"lồng quá {MAX_DEPTH} tầng", f"nested more than {MAX_DEPTH} deep")
    if _SURROGATE.search(text):
        _refuse_surrogates(value)
    return value


def _blank(text: str, start: int) -> int:
    """The index of the first character from `start` that is not JSON white space."""
    return cast(re.Match[str], _BLANK.match(text, start)).end()


def _depth(value: Any) -> int:
    level, layer = 0, [value]
    while layer := [item for item in layer if isinstance(item, dict | list)]:
        level += 1
        layer = [member for item in layer for member in (item.values() if isinstance(item, dict) else item)]
    return level


def _refuse_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _bad("có ký tự thay thế (surrogate) lẻ", "a lone surrogate") from None


def _bad(vietnamese: str, english: str) -> BadJson:
    return BadJson(
        (
            f"JSON không dùng được: {vietnamese}; hãy sửa rồi gửi lại.",
            f"Unusable JSON: {english}; correct it and send again.",
        )
    )


def clean_text(text: str) -> str:
    """NFC, the form in which text is compared and hashed; a ValueError, in both languages, for what is never composed.

    Putting marks in order takes the square of their run's length, so runs are judged before anything is composed.
    """
    if text.isascii():
        return text
    return normalize("NFC", judge_text(text))


def judge_text(text: str) -> str:
    """The text as it came; a ValueError when its length or its runs of combining marks are more than is composed."""
    if len(text) > MAX_RAW:
        raise ValueError((f"dài quá {MAX_RAW} ký tự; hãy rút gọn", f"is longer than {MAX_RAW} characters; shorten it"))
    if _DENSE.search(text) and any(_stacked(match[0]) for match in _DENSE.finditer(text)):
        raise ValueError((
            f"có hơn {MAX_MARKS} dấu kết hợp liền nhau; hãy gõ lại chỗ đó",
            f"has more than {MAX_MARKS} combining marks in a row; type that place anew",
        ))  # fmt: skip
    return text


def _stacked(characters: str) -> bool:
    """Whether more marks than may be follow each other; by category, for some marks without a class become two with."""
    run = 0
    for character in characters:
        run = run + 1 if category(character)[0] == "M" else 0
        if run > MAX_MARKS:
            return True
    return False


def is_blank(text: str) -> bool:
    """Whether there is nothing to be read: blanks, invisible characters and lone marks alone."""
    return all(character in _FILLERS or category(character)[0] in "ZCM" for character in text)
