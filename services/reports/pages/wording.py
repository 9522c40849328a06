"""What the pages call kinds of units, bands and editions."""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.words import EDITIONS, GROUPS, Words, headed

GROUPS_OF_UNITS: Mapping[str, Words] = {group: headed(words) for group, words in GROUPS.items()}
EDITION_NAMES: Mapping[str, Words] = {edition: headed(words) for edition, words in EDITIONS.items()}
BAND_TAGS: Mapping[str, str] = {
    "good": "good", "fair": "info", "average": "warn", "needs_correction": "bad", "insufficient": "",
}  # fmt: skip
