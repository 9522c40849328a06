"""Vietnamese order of names, and the catalogue's words for codes (their file is pinned by hash in the log)."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Literal

SCHEMAS = Path(__file__).parents[2] / "schemas"
_PARTS = re.compile(r"[0-9]{1,18}|.", re.DOTALL)
_DIGITS, _FIRST_LETTER = 50, 100
_LETTERS = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES = {mark: place for place, mark in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)}  # huyền hỏi ngã sắc nặng
Group = Literal["so", "xa", "phuong", "dvsn", "other"]
GROUPS_OF_UNITS: dict[Group, tuple[str, str]] = {
    "so": ("Sở, ngành", "Departments"),
    "xa": ("Xã", "Communes"),
    "phuong": ("Phường", "Wards"),
    "dvsn": ("Đơn vị sự nghiệp", "Public service units"),
    "other": ("Khác", "Others"),
}


def vietnamese_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A sort key: letters first (đ after d, ă â after a), tones decide between equal letters; numbers by value."""
    letters: list[int] = []
    tones: list[int] = []
    for part in _PARTS.findall(unicodedata.normalize("NFC", text.casefold())):
        if part.isdecimal():
            letters += (_DIGITS, int(part))
            continue
        plain, tone = _split_tone(part)
        letters.append(_FIRST_LETTER + _LETTERS[plain] if plain in _LETTERS else min(ord(plain), _FIRST_LETTER - 1))
        tones.append(tone)
    return tuple(letters), tuple(tones)


def _split_tone(character: str) -> tuple[str, int]:
    parts = unicodedata.normalize("NFD", character)
    tone = next((_TONES[mark] for mark in parts if mark in _TONES), 0)
    plain = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in _TONES))
    return plain[:1] or character, tone


@cache
def code_names() -> dict[str, tuple[str, str]]:
    """Each code's name in Vietnamese and English, of the newest catalogue file that has it."""
    names: dict[str, tuple[str, str]] = {}
    for path in sorted((SCHEMAS / "catalogue").glob("[0-9]*.json")):
        for code in json.loads(path.read_text(encoding="utf-8"))["codes"]:
            names[code["code"]] = (code["name"]["vi"], code["name"]["en"])
    return names


@cache
def group_names() -> dict[str, tuple[str, str]]:
    """Each group's name in Vietnamese and English."""
    names: dict[str, tuple[str, str]] = {}
    for path in sorted((SCHEMAS / "catalogue").glob("[0-9]*.json")):
        for group, name in json.loads(path.read_text(encoding="utf-8"))["groups"].items():
            names[group] = (name["vi"], name["en"])
    return names
