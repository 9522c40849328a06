"""What of an entry's private parts was erased since, by what the log itself tells."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from services.audit.tree import Source, queries

TYPE = "kycuong.part.erased.v1"


@dataclass(frozen=True, slots=True)
class Erasure:
    """The later entry that tells of an erasure, and the parts that went."""

    index: int
    parts: tuple[str, ...]


async def erasures_of(source: Source, entry: Any) -> list[Erasure]:
    """The erasures of an entry (its row), oldest first: later entries of its unit that have it as their subject."""
    subject = f"part/{entry['id']}"
    named = f'"subject":"{subject}"'.encode()
    rows = await source.fetch(queries.erasures_after, entry["unit"], entry["unitseq"], named)
    return [
        Erasure(row["idx"], tuple(event["data"]["parts"]))
        for row in rows
        if (event := json.loads(row["bytes"]))["type"] == TYPE and event["subject"] == subject
    ]
