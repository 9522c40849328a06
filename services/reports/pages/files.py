"""What a page offers to take away: every format, and what the log is told first where nothing is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from services.domain.words import Words
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action

_OFFERED: tuple[tuple[Words, Mapping[str, str]], ...] = (
    (("Excel", "Excel"), {"format": "xlsx"}),
    (("CSV cho Excel", "CSV for Excel"), {"format": "csv", "dialect": "excel-vi"}),
    (("Tải CSV", "Download CSV"), {"format": "csv"}),
    (("PDF", "PDF"), {"format": "pdf"}),
    (("Word", "Word"), {"format": "docx"}),
    (("Gói dữ liệu", "Data package"), {"format": "package"}),
)


@dataclass(frozen=True, slots=True)
class File:
    """One link: its words, its address, and the body by which the log is told before (JSON; None: it need not be)."""

    label: Words
    path: str
    told: str | None


def files_of(
    caller: Caller, now: datetime, *, quarter: str, edition: str, published: bool, group: str | None = None,
    unit: str | None = None,
) -> list[File]:  # fmt: skip
    """The files of a list or a card that the caller may take away."""
    if not published and not caller.grants_for(Action.EXPORT, now):
        return []
    where = f"/reports/v1/scorecards/{quarter}" + (f"/{unit}" if unit else "")
    chosen = {"edition": edition} | ({"group": group} if group else {})
    return [
        File(
            label, f"{where}?{urlencode({**how, **chosen})}", None if published else _told(quarter, how, edition, unit)
        )
        for label, how in _OFFERED
        if unit is None or how["format"] != "package"
    ]


def _told(quarter: str, how: Mapping[str, str], edition: str, unit: str | None) -> str:
    body = {"quarter": quarter, "format": how["format"], "edition": edition}
    return json.dumps(body | ({"unit": unit} if unit else {}))
