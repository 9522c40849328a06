"""Every method of scoring that a published version may name: one that a frozen edition used stays for ever. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.reports.scoring.card1 import method as card1
from services.reports.scoring.card2 import method as card2
from services.reports.scoring.method import Rules

Methods = Mapping[str, Callable[[str, Mapping[str, Any]], Rules]]
METHODS: Methods = {
    card1.NAME: card1.Card1.read,
    card2.NAME: card2.read,
}
