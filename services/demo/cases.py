"""A visit's lines, the head's answers and the reviewer's decisions. Pure, drawn from the seed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from services.demo.batches import Batch
from services.demo.ids import Ids
from services.demo.observed import narrative, posts
from services.demo.schedule import TAN_HOA, Visit
from services.domain.calendar import WorkingCalendar
from services.domain.catalogue import Catalogue, Code
from services.kernel.quarters import ICT, local_date

_OPINIONS = (
    "Đơn vị nhất trí với nội dung biên bản.",
    "Đơn vị tiếp thu và sẽ chấn chỉnh ngay.",
    "Đơn vị sẽ bổ sung giấy tờ chứng minh trong thời hạn giải trình.",
)
_ACCEPTS = (
    "Đơn vị thừa nhận thiếu sót, đã nhắc nhở và phân công theo dõi.",
    "Đơn vị đã họp rút kinh nghiệm và khắc phục trong ngày.",
    "Đơn vị tiếp thu, xin hứa không để tái diễn.",
)
_CONTESTS = (
    "Người vắng mặt đi công tác theo giấy cử, bản sao gửi kèm.",
    "Thời điểm kiểm tra trùng lúc đổi ca, quầy có người trực thay.",
    "Biển, thẻ đang được làm lại sau khi sắp xếp đơn vị.",
    "Hồ sơ chậm do cơ quan phối hợp chưa trả lời, đã có văn bản xin lỗi.",
)
_REASONS = {
    "upheld": "Ghi nhận rõ ràng, giải trình không đủ căn cứ.",
    "excused": "Có lý do chính đáng, giấy tờ hợp lệ.",
    "not_proven": "Chứng cứ chưa đủ để xác nhận.",
    "unfounded": "Sự việc không có trên thực tế.",
    "system_fault": "Lỗi máy chấm công, không thuộc trách nhiệm của đơn vị.",
    "referred": "Vượt thẩm quyền của đoàn, chuyển cơ quan có thẩm quyền.",
}
_OUTCOMES = (
    *("upheld",) * 14, *("excused",) * 2, *("not_proven",) * 2, "unfounded", "system_fault",
)  # fmt: skip
_WITHDRAWAL = "Ghi nhầm mã; đã lập ghi nhận khác hoặc không còn căn cứ."
_SILENT, _ACCEPTED = 0.14, {1: 0.75, 2: 0.55, 3: 0.35}


@dataclass(slots=True)
class Case:
    """A finding as far as the story follows it."""

    id: str
    code: Code
    visit: Visit
    inspection: str
    due: datetime
    """End of the reply window."""
    accepts: bool | None = None
    replied: datetime | None = None
    withdrawn: bool = False
    taken_back_on: date | None = None
    """The day the lead takes it back, if he does."""

    def ready(self, moment: datetime) -> bool:
        """Whether the reviewer may take it up: severity 4 five days on, others when answered or lapsed since a day."""
        if self.withdrawn or self.taken_back_on is not None:
            return False
        if self.code.severity == 4:
            return self.due < moment
        if self.replied is not None:
            return self._disputed and self.replied + timedelta(days=1) < moment
        return self._disputed and self.due + timedelta(days=1) < moment

    @property
    def _disputed(self) -> bool:
        """A reminder that nobody contests counts without a decision."""
        return self.code.severity >= 2 or self.accepts is False


class Cases:
    """Turns visits into lines and follows their findings."""

    def __init__(self, seed: int, ids: Ids, catalogue: Catalogue, calendar: WorkingCalendar) -> None:
        self._seed = seed
        self._ids = ids
        self._catalogue = catalogue
        self._calendar = calendar
        self._deck: list[str] = []
        self._decks = 0

    def file(self, visit: Visit, batch: Batch) -> tuple[str, list[Case]]:
        """Add the visit's lines to its opener's batch; its inspection and the findings that somebody answers for."""
        random = Random(f"{self._seed}/file/{visit.name}")
        inspection = self._ids.at(visit.opened, f"{visit.name}/opened")
        batch.add(f"inspections/{inspection}", _opened(visit))
        due = self._calendar.reply_due(batch.clock)
        cases = [
            self._record(visit, inspection, code, number, due, batch, random)
            for number, code in enumerate(list(visit.seen.counts) or ["K00"])
        ]
        if visit.closed is not None:
            closing = self._ids.at(visit.closed, f"{visit.name}/closed")
            batch.add(f"inspections/{inspection}/closing/{closing}", _closed(visit, visit.closed, random))
        followed = [case for case in cases if case.code.severity > 0]
        for case in followed:
            self._perhaps_withdraw(case, batch, random)
        return inspection, followed

    def _record(
        self, visit: Visit, inspection: str, name: str, number: int, due: datetime, batch: Batch, random: Random
    ) -> Case:
        code, count = self._catalogue.codes[name], visit.seen.counts.get(name, 1)
        # the shortest visit takes 50 minutes, and all is seen before it ends
        apart = min(8 * 60, 45 * 60 // max(1, len(visit.seen.counts)))
        captured = visit.opened + timedelta(minutes=3, seconds=number * apart + random.randint(0, 59))
        finding = self._ids.at(captured, f"{visit.name}/{name}")
        body = {"inspection": inspection, "code": name, "count": count, "captured_at": _stamp(captured)}
        if code.severity > 0:
            persons = posts(code, count, random)
            private = {"narrative": narrative(code, count)} | ({"persons": persons} if persons else {})
            body |= {"private": private}
        batch.add(f"findings/{finding}", body)
        return Case(finding, code, visit, inspection, due)

    def _perhaps_withdraw(self, case: Case, batch: Batch, random: Random) -> None:
        """One in forty is taken back: by the filer the same day, or by the lead two working days later."""
        drawn = random.random()
        if drawn >= 0.025 or case.code.severity == 4 or not case.visit.answered:
            return
        if drawn < 0.015:
            self.withdraw(case, batch)
        else:
            case.taken_back_on = self._calendar.add_working_days(local_date(batch.clock), 2)

    def withdraw(self, case: Case, batch: Batch) -> None:
        """Take a finding back."""
        case.withdrawn = True
        write = self._ids.at(batch.clock, f"{case.id}/withdrawal")
        batch.add(f"findings/{case.id}/withdrawal/{write}", {"private": {"reason": _WITHDRAWAL}})

    def answer_day(self, visit: Visit, filed: datetime) -> date | None:
        """The day the head answers: one to four working days on, or never."""
        random = Random(f"{self._seed}/answer/{visit.name}")
        if not visit.answered or random.random() < _SILENT:
            return None
        return self._calendar.add_working_days(local_date(filed), random.choices((1, 2, 3, 4), (4, 3, 2, 2))[0])

    def answer(self, inspection: str, cases: list[Case], batch: Batch) -> None:
        """The head has seen the alert and replies to what still stands."""
        random = Random(f"{self._seed}/reply/{inspection}")
        seen = self._ids.at(batch.clock, f"{inspection}/acknowledgement")
        batch.add(f"inspections/{inspection}/acknowledgement/{seen}", {})
        for case in cases:
            accepts = random.random() < _ACCEPTED[case.code.severity]
            case.accepts, case.replied = accepts, batch.clock
            write = self._ids.at(batch.clock, f"{case.id}/reply")
            body = {"accepts": accepts, "private": {"text": random.choice(_ACCEPTS if accepts else _CONTESTS)}}
            batch.add(f"findings/{case.id}/reply/{write}", body)

    def decide(self, case: Case, batch: Batch) -> str:
        """The reviewer's decision, dealt from a shuffled deck so that every outcome comes up."""
        outcome = self._outcome(case)
        write = self._ids.at(batch.clock, f"{case.id}/decision")
        body = {"outcome": outcome, "private": {"reason": _REASONS[outcome]}}
        batch.add(f"findings/{case.id}/decision/{write}", body)
        return outcome

    def _outcome(self, case: Case) -> str:
        if case.code.severity == 4:
            return "referred"
        if case.visit.unit.unit == TAN_HOA and not case.visit.answered:
            return "upheld"
        if not self._deck:
            self._deck = list(_OUTCOMES)
            Random(f"{self._seed}/deck/{self._decks}").shuffle(self._deck)
            self._decks += 1
        return self._deck.pop()


def _opened(visit: Visit) -> dict[str, object]:
    return {
        "unit": visit.unit.unit, "kind": visit.kind, "selection": visit.selection, "basis": visit.basis,
        "opened_at": _stamp(visit.opened), "team": list(visit.team),
    }  # fmt: skip


def _closed(visit: Visit, closed: datetime, random: Random) -> dict[str, object]:
    roll = visit.seen.roll
    body: dict[str, object] = {
        "closed_at": _stamp(closed), "assigned": roll.assigned, "present": roll.present,
        "excused": dict(roll.excused), "unexcused": roll.unexcused, "late": roll.late,
        "persons_checked": roll.assigned, "files_checked": visit.seen.files_checked, "signed": random.random() < 0.97,
    }  # fmt: skip
    if visit.seen.counts and random.random() < 0.6:
        body["private"] = {"opinion": random.choice(_OPINIONS)}
    return body


def _stamp(moment: datetime) -> str:
    """A phone's time: local, with offset, to the second."""
    return moment.astimezone(ICT).isoformat(timespec="seconds")
