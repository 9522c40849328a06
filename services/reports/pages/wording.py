"""What the pages call kinds of units, bands and editions."""

from __future__ import annotations

from collections.abc import Mapping

from services.domain import words
from services.domain.words import GROUPS, Words, edition_words, headed
from services.reports.scoring.method import GROUPS as METHOD_GROUPS

GROUPS_OF_UNITS: Mapping[str, Words] = {group: headed(named) for group, named in GROUPS.items()}


class _EditionNames(dict[str, Words]):
    """Those of every edition, restatements too."""

    def __missing__(self, edition: str) -> Words:
        return headed(edition_words(edition))


EDITION_NAMES: Mapping[str, Words] = _EditionNames()
CARD_FIELDS: Mapping[str, Words] = {
    "unit": ("Đơn vị có phiếu", "Unit with a card"),
    "unit_name": ("Tên", "Name"),
    "group": ("Loại đơn vị", "Kind of unit"),
    "score": ("Điểm", "Score"),
    "band": ("Xếp loại", "Band"),
    "gates": ("Giới hạn xếp loại", "Limits on the band"),
    "bonus": ("Điểm thưởng", "Bonus"),
    "exposure.inspections": ("Số cuộc kiểm tra", "Inspections"),
    "exposure.persons_checked": ("Lượt người được kiểm tra", "Persons checked"),
    "exposure.files_checked": ("Hồ sơ được kiểm tra", "Files checked"),
    "pending.findings": ("Chờ kết luận", "Pending"),
    "pending.score_if_upheld": ("Điểm nếu xác nhận tất cả", "Score if all were upheld"),
    "survey": ("Khảo sát mức độ hài lòng", "Satisfaction surveys"),
    "comparison.standing": ("So với đơn vị cùng nhóm", "Against peers"),
    **{f"deductions.{group}": (f"Trừ nhóm {group}", f"Deducted in group {group}") for group in METHOD_GROUPS},
}
PEERS: Mapping[str, Words] = {**GROUPS_OF_UNITS, "commune": ("Xã, phường", "Communes and wards")}
STANDINGS: Mapping[str, Words] = {standing: headed(named) for standing, named in words.STANDINGS.items()}
STANDING_TAGS: Mapping[str, str] = {"alarm": "bad", "watch": "warn", "within": "good", "insufficient": ""}
STANDING_MARKS: Mapping[str, str] = {"alarm": "▲▲", "watch": "▲", "within": "●", "insufficient": "○"}
BAND_TAGS: Mapping[str, str] = {
    "good": "good", "fair": "info", "average": "warn", "needs_correction": "bad", "insufficient": "",
}  # fmt: skip
