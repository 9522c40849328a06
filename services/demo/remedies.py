"""What follows a decision that upholds: appeals, remedies in time, late or never, and how each is judged. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from random import Random
from typing import Any

from services.demo.batches import Batch, Sender, head_of
from services.demo.cases import Case
from services.demo.hours import local
from services.demo.ids import Ids
from services.demo.schedule import TAN_HOA
from services.domain.calendar import WorkingCalendar

ANOTHER = Sender("reviewer", "reviewer-2")
"""Decides what was appealed."""
_TOLD_AT, _JUDGED_AT = time(9, 30), time(15, 30)  # after replies, after first decisions
_APPEALED, _REFUSED = 0.12, 0.15
_REPORTED_AFTER = (*(3, 5, 8, 10, 12) * 3, 17, 19, None, None, None)
"""Working days after the decision, of which 15 are in time; None: never."""
_AGAIN_AFTER, _APPEALED_AFTER = 3, 4
_APPEALS = (
    "Đơn vị đề nghị xem xét lại: giấy cử đi công tác đã gửi kèm giải trình.",
    "Đơn vị cho rằng biên bản chưa phản ánh việc đã bố trí người trực thay.",
)
_DONE = (
    "Đã phân công người trực thay và niêm yết lịch trực.",
    "Đã bổ sung sổ theo dõi, giao văn phòng kiểm tra hằng ngày.",
    "Đã xin lỗi bằng văn bản và trả kết quả cho người dân.",
)
_HEARD = {
    "upheld": "Người thẩm định thứ hai đã xem lại toàn bộ hồ sơ và giữ nguyên.",
    "not_proven": "Xem lại hồ sơ: chứng cứ chưa đủ để xác nhận.",
}
_SEEN = {"verified": "Đã xem tài liệu và kiểm tra thực tế.", "refused": "Chưa có tài liệu chứng minh; đề nghị làm lại."}


@dataclass(slots=True)
class Remedies:
    """Follows upheld findings from their decisions on."""

    seed: int
    ids: Ids
    calendar: WorkingCalendar
    appeals: dict[date, list[Case]] = field(default_factory=dict)
    appealed: list[Case] = field(default_factory=list)
    reports: dict[date, list[Case]] = field(default_factory=dict)
    reported: list[Case] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def follow(self, case: Case, day: date) -> None:
        """It was upheld: now and then the unit appeals, else it puts right, soon, late or never."""
        if case.visit.unit.unit == TAN_HOA:
            return  # the example stays as a new user finds it described
        random = self._drawn(case, "after")
        if case.accepts is False and random.random() < _APPEALED:
            self.appeals.setdefault(self.calendar.add_working_days(day, _APPEALED_AFTER), []).append(case)
        else:
            self._mend(case, day)

    def _mend(self, case: Case, day: date) -> None:
        after = self._drawn(case, "report").choice(_REPORTED_AFTER)
        if after is not None:
            self.reports.setdefault(self.calendar.add_working_days(day, after), []).append(case)

    def heads(self, day: date) -> Iterator[Batch]:
        """What units appeal and report today, a batch each."""
        batches: dict[str, Batch] = {}
        for case, noun, body in self._asked(day):
            unit = case.visit.unit.unit
            batch = batches.setdefault(unit, Batch(local(day, _TOLD_AT), head_of(unit)))
            self._add(batch, case, noun, day, body)
        yield from batches.values()

    def _asked(self, day: date) -> Iterator[tuple[Case, str, dict[str, Any]]]:
        for case in self.appeals.pop(day, []):
            self.appealed.append(case)
            yield case, "appeal", {"private": {"text": self._drawn(case, "appeal").choice(_APPEALS)}}
        for case in self.reports.pop(day, []):
            self.reported.append(case)
            text = self._drawn(case, "done").choice(_DONE)
            yield case, "remedy-report", {"done_on": day.isoformat(), "private": {"text": text}}

    def judged(self, day: date, reviewer: Sender) -> Iterator[Batch]:
        """Another reviewer decides what was appealed; what was reported is verified, or refused once."""
        batch = Batch(local(day, _JUDGED_AT), ANOTHER)
        for case in self.appealed:
            outcome = self._drawn(case, "again").choice(("upheld", "upheld", "not_proven"))
            self._add(batch, case, "decision", day, {"outcome": outcome, "private": {"reason": _HEARD[outcome]}})
            if outcome == "upheld":
                self._mend(case, day)
        yield batch
        batch = Batch(local(day, _JUDGED_AT), reviewer)
        for case in self.reported:
            outcome = self._verified(case, day)
            body = {"outcome": outcome, "private": {"reason": _SEEN[outcome]}}
            self._add(batch, case, "remedy-verification", day, body)
        yield batch
        self.appealed, self.reported = [], []

    def _verified(self, case: Case, day: date) -> str:
        if case.id in self.refused or self._drawn(case, "verified").random() >= _REFUSED:
            return "verified"
        self.refused.add(case.id)
        self.reports.setdefault(self.calendar.add_working_days(day, _AGAIN_AFTER), []).append(case)
        return "refused"

    def _add(self, batch: Batch, case: Case, noun: str, day: date, body: dict[str, Any]) -> None:
        write = self.ids.at(batch.clock, f"{case.id}/{noun}/{day}")
        batch.add(f"findings/{case.id}/{noun}/{write}", body)

    def _drawn(self, case: Case, what: str) -> Random:
        return Random(f"{self.seed}/{what}/{case.id}")
