"""What the pages call kinds of units, bands and editions."""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.words import GROUPS, Words, edition_words, headed

GROUPS_OF_UNITS: Mapping[str, Words] = {group: headed(words) for group, words in GROUPS.items()}


class _EditionNames(dict[str, Words]):
    """Those of every edition, restatements too."""

    def __missing__(self, edition: str) -> Words:
        return headed(edition_words(edition))


EDITION_NAMES: Mapping[str, Words] = _EditionNames()
BAND_TAGS: Mapping[str, str] = {
    "good": "good", "fair": "info", "average": "warn", "needs_correction": "bad", "insufficient": "",
}  # fmt: skip
