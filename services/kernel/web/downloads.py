"""What people take away as files: names that every browser keeps, and cells that no spreadsheet runs. Pure."""

import re
from string import ascii_letters, digits
from typing import Any

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_AS_IT_IS = frozenset(f"{ascii_letters}{digits}-._~")
LONGEST_NAME = 120  # a path with folders around it stays within what Windows takes


def attachment(name: str, ascii_name: str) -> str:
    """Content-Disposition's value: a file's name in UTF-8, and one for programs that read ASCII alone (RFC 6266)."""
    encoded = "".join(chr(byte) if chr(byte) in _AS_IT_IS else f"%{byte:02X}" for byte in name.encode())
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"


def file_name(*parts: str | None, kind: str) -> str:
    """A file's name from its parts: what no file system takes becomes a hyphen, an empty part goes, too long is cut."""
    clean = (_UNSAFE.sub("-", part).strip(" .-") for part in parts if part)
    stem = " ".join(part for part in clean if part)[:LONGEST_NAME].rstrip(" .-")
    return f"{stem}.{kind}"


def csv_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: a leading apostrophe makes it text. None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
