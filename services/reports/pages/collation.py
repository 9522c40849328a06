"""Vietnamese order of names. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PARTS = re.compile(r"[0-9]{1,18}|.", re.DOTALL)
_DIGITS, _FIRST_LETTER = 50, 100
_LETTERS = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES = {mark: place for place, mark in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)}  # huyền hỏi ngã sắc nặng


@lru_cache(maxsize=20_000)
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
