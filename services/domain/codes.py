"""The catalogue's words for codes and groups, of the newest file that has them (each is pinned by hash in the log)."""

from __future__ import annotations

import json
from functools import cache

from services.kernel.schemas import schemas_folder


@cache
def code_names() -> dict[str, tuple[str, str]]:
    """Each code's name in Vietnamese and English, of the newest catalogue file that has it."""
    names: dict[str, tuple[str, str]] = {}
    for path in sorted((schemas_folder() / "catalogue").glob("[0-9]*.json")):
        for code in json.loads(path.read_text(encoding="utf-8"))["codes"]:
            names[code["code"]] = (code["name"]["vi"], code["name"]["en"])
    return names


@cache
def group_names() -> dict[str, tuple[str, str]]:
    """Each group's name in Vietnamese and English."""
    names: dict[str, tuple[str, str]] = {}
    for path in sorted((schemas_folder() / "catalogue").glob("[0-9]*.json")):
        for group, name in json.loads(path.read_text(encoding="utf-8"))["groups"].items():
            names[group] = (name["vi"], name["en"])
    return names
