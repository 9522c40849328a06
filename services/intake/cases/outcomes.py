"""Where a finding stands, in words that are final once nothing more can come, and the days left to answer. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from services.domain.calendar import WorkingCalendar
from services.kernel.problems import Language
from services.kernel.quarters import local_date

Stage = Literal["open", "reply", "decision", "done"]
_STATES = {
    "recorded": ("Đã ghi nhận", "Recorded"),
    "replied": ("Đã giải trình", "Replied"),
    "lapsed": ("Hết hạn giải trình", "No reply in time"),
    "withdrawn": ("Đã rút lại", "Withdrawn"),
    "decided": ("Đã quyết định", "Decided"),
}
_OUTCOMES = {
    "upheld": ("Xác nhận vi phạm", "Upheld"),
    "excused": ("Có lý do chính đáng", "Excused"),
    "not_proven": ("Chưa đủ chứng cứ", "Not proven"),
    "unfounded": ("Không có căn cứ", "Unfounded"),
    "system_fault": ("Do hệ thống, không do đơn vị", "System fault"),
    "referred": ("Chuyển cơ quan có thẩm quyền", "Referred"),
}
_SETTLED = {
    "accepted": ("Được tính (đơn vị thống nhất)", "Counts (the unit agrees)"),
    "lapsed": ("Được tính (quá hạn)", "Counts (no reply in time)"),
}


def settled(finding: Mapping[str, Any]) -> str | None:
    """What makes a finding count without a decision: severity 1 that the unit accepted, or left unanswered."""
    if finding["severity"] != 1:
        return None
    if finding["state"] == "replied" and finding["accepts"]:
        return "accepted"
    return "lapsed" if finding["state"] == "lapsed" else None


def label(finding: Mapping[str, Any], language: Language) -> str:
    """The state in words: the outcome of a decision, what settled it without one, or how far it has come."""
    words = _OUTCOMES.get(finding["outcome"] or "") or _SETTLED.get(settled(finding) or "")
    vi, en = words or _STATES[finding["state"]]
    return en if language == "en" else vi


class DaysLeft:
    """How many working days are left until a deadline: 0 on its own day and after it."""

    def __init__(self, calendar: WorkingCalendar, now: datetime) -> None:
        self._calendar, self._today = calendar, local_date(now)
        self._known: dict[date, int] = {}

    def __call__(self, due: datetime | None) -> int | None:
        """The days left, counted once for each day that is a deadline; None without one."""
        if due is None:
            return None
        last = local_date(due)
        if last not in self._known:
            self._known[last] = self._calendar.working_days(self._today, last)
        return self._known[last]
