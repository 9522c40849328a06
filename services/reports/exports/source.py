"""What an export says of itself: of which edition it is, when that was cut, by which log, how to check it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.domain.words import edition_words, headed
from services.kernel.quarters import ICT, quarter_name
from services.reports.check_address import check_address

PART = "Một phần danh sách: chỉ các đơn vị mà người lấy bản này được xem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who gives a paper out, where it sits (`seat` None: to be filled in by hand), and the address of its pages."""

    department: str
    seat: str | None
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an export comes from; `cut` is the time of the log's last entry that it knows.

    `part` is true of a list whose reader may not see all units.
    """

    quarter: str
    edition: str
    rules: str | None
    size: int
    root: str
    cut: datetime
    cards_root: str | None = None
    unit: str | None = None
    unit_name: str | None = None
    part: bool = False

    @classmethod
    def of(cls, shown: Mapping[str, Any], cut: datetime) -> Source:
        """Of a list or a card as GET answers it."""
        return cls(
            quarter=shown["quarter"], edition=shown["edition"], rules=shown["rules"], size=shown["log"]["size"],
            root=shown["log"]["root"], cut=cut, cards_root=shown.get("cards_root"), unit=shown.get("unit"),
            unit_name=shown.get("unit_name"), part=shown.get("part") is True,
        )  # fmt: skip

    @property
    def title(self) -> str:
        """As a paper is headed."""
        return f"Phiếu điểm kỷ luật, kỷ cương hành chính {quarter_name(self.quarter)}"

    @property
    def edition_name(self) -> str:
        """The edition in words."""
        return headed(edition_words(self.edition))[0]

    @property
    def cut_in_words(self) -> str:
        """The time of the cut as people read it."""
        return f"{self.cut.astimezone(ICT):%H:%M ngày %d/%m/%Y}"

    def address(self, site: str) -> str:
        """The page that says whether what is printed here is what the log has."""
        return check_address(site, self.quarter, self.edition, self.size, self.root, self.cards_root)

    def notes(self, site: str) -> list[tuple[str, str | int]]:
        """What it is, by what, and how anyone checks it: labels with their words."""
        command = (
            f"kycuong scorecard recompute --log {site}audit/ --quarter {self.quarter} "
            + (f"--size {self.size}" if self.edition == "live" else f"--edition {self.edition}")
            + " --against TỆP"
        )
        of_unit = [("Đơn vị", self.unit_name or ""), ("Mã đơn vị", self.unit)] if self.unit else []
        of_part = [("Phạm vi", f"{PART}.")] if self.part else []
        of_cards = [("Mã gốc của các phiếu", self.cards_root)] if self.cards_root else []
        return [
            ("Nội dung", self.title), *of_unit, *of_part, ("Bản", self.edition_name), ("Mã bản", self.edition),
            ("Tính đến", self.cut_in_words), ("Thang điểm", self.rules or "chưa có"),
            ("Số mục nhật ký", self.size), ("Mã gốc nhật ký", self.root), *of_cards,
            ("Cách kiểm lại", f"Mở {self.address(site)}"),
            ("Tính lại từ nhật ký", f"{command}; TỆP là câu trả lời JSON của cùng địa chỉ"),
            ("Ô trống", "Chưa có số liệu, hoặc dưới 5 người được kiểm tra (so sánh), dưới 5 phiếu trả lời (khảo sát)."),
        ]  # fmt: skip
