"""What a search of a list asks for: each word names units, kinds of violations, or part of a number."""

import json
from collections.abc import Iterable
from typing import Annotated

from fastapi import Query

from services.domain.catalogue import Catalogue
from services.domain.folding import plain
from services.domain.units import Directory

Sought = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$", description="words, with or without marks")]


def sought(asked: str | None, directory: Directory, catalogues: Iterable[Catalogue]) -> str | None:
    """Words as a statement takes them, a JSON array of {"text","units","codes"}; None where none are asked."""
    words = plain(asked or "").split()
    if not words:
        return None
    units = {
        unit: plain(" ".join((unit, *(version.name for version in versions))))
        for unit, versions in directory.versions.items()
    }
    codes = {
        code.code: plain(f"{code.code} {code.name_vi} {code.name_en}")
        for catalogue in catalogues
        for code in catalogue.codes.values()
    }
    return json.dumps(
        [{"text": word, "units": _holding(units, word), "codes": _holding(codes, word)} for word in words]
    )


def _holding(texts: dict[str, str], word: str) -> list[str]:
    return [key for key, text in texts.items() if word in text]
