"""What each write about a case asks of a person, for forms that are sent without a script; as on the desk. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from services.domain.case import Outcome
from services.domain.words import OUTCOMES, Words, headed
from services.kernel.problems import FieldError
from services.kernel.quarters import local_date
from services.kernel.web.plain import written

Case = Mapping[str, Any]
"""A finding as its reader is shown it."""
Option = tuple[str, Words, Words | None]
"""What is sent, what it is called, and what it brings about."""
_DAY = re.compile(r"(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{4}|\d{2})", re.ASCII)  # as days.js takes it
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_NO_DAY = ("phải là một ngày, viết như 15/12/2026", "must be a day, written as 15/12/2026")
_SEALED = ("Bắt buộc; được lưu mã hóa.", "Required; stored encrypted.")
_READ_BY_UNIT = ("Bắt buộc. Đơn vị đọc được; lưu mã hóa.", "Required. The unit can read it; stored encrypted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that is asked for."""

    pointer: str
    kind: Literal["text", "day", "choice", "files"]
    label: Words
    missing: Words = ("hãy điền mục này", "fill this in")
    hint: Words | None = None
    options: Callable[[Case], Sequence[Option]] = lambda _: ()
    needed_of: tuple[str, str] | None = None
    """Of another entry's value alone, where it is not always needed."""

    def read(self, typed: str) -> Any:
        """What is written in the place; None of an empty one, ValueError of what is no day."""
        text = written(typed).strip()
        if not text:
            return None
        if self.kind == "day":
            return _day(text)
        return {"true": True, "false": False}.get(text, text) if self.kind == "choice" else text

    def faults(self, read: Any, typed: Mapping[str, str]) -> list[FieldError]:
        """That it is needed, and nothing stands there."""
        other, value = self.needed_of or ("", "")
        if read is not None or self.kind == "files" or typed.get(other, "") != value:
            return []
        return [FieldError(self.pointer, *self.missing)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A write's form."""

    title: Words
    button: Words
    entries: Sequence[Entry]
    note: Words | None = None

    @property
    def files(self) -> bool:
        """Whether files may come with it."""
        return any(entry.kind == "files" for entry in self.entries)

    def body(self, typed: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldError]]:
        """The body of the write that the typed words make, and what is wrong with them."""
        body: dict[str, Any] = {}
        errors: list[FieldError] = []
        for entry in self.entries:
            try:
                value = entry.read(typed.get(entry.pointer, ""))
            except ValueError:
                errors.append(FieldError(entry.pointer, *_NO_DAY))
                continue
            errors += entry.faults(value, typed)
            if value is not None:
                _put(body, entry.pointer, value)
        return body, errors


def _day(text: str) -> str:
    iso, found = _ISO.fullmatch(text), _DAY.fullmatch(text)
    parts = iso.groups() if iso else found.groups()[::-1] if found else ()
    if not parts:
        raise ValueError
    year, month, day = map(int, parts)
    return date(year + 2000 if year < 100 else year, month, day).isoformat()


def _put(body: dict[str, Any], pointer: str, value: Any) -> None:
    *groups, last = pointer[1:].split("/")
    for group in groups:
        body = body.setdefault(group, {})
    body[last] = value


def _clocks(case: Case) -> list[Option]:
    """The deadlines that still run."""
    words = {"reply": ("Giải trình", "Reply"), "remedy": ("Khắc phục", "Remedy")}
    running = [one for one in case["deadlines"] if one["state"] == "open" and one["of"] in words]
    return [(one["of"], words[one["of"]], _now_due(one["due"])) for one in running]


def _now_due(due: str) -> Words:
    day = f"{local_date(datetime.fromisoformat(due)):%d/%m/%Y}"
    return f"hạn hiện nay: hết ngày {day}", f"now due by the end of {day}"


def _outcomes(found: Sequence[str]) -> list[Option]:
    effects = {
        Outcome.UPHELD: ("tính điểm trừ", "counts as a deduction"),
        Outcome.REFERRED: ("mức 4; không tính điểm", "level 4; counts nothing"),
    }
    nothing = ("không tính điểm", "counts nothing")
    return [(one, headed(OUTCOMES[one]), effects.get(one, nothing)) for one in map(Outcome, found)]


def _offered(case: Case) -> list[Option]:
    return _outcomes(case["outcomes"])


def _any_outcome(case: Case) -> list[Option]:
    return _outcomes([one for one in Outcome if one != Outcome.REFERRED or case["severity"] == 4])


def _replies(case: Case) -> list[Option]:
    counts = ("mức 1: tính điểm trừ ngay", "level 1: counts at once")
    decided = ("mức 2 trở lên: Sở Nội vụ vẫn quyết định", "level 2 and above: the Department still decides")
    return [
        ("true", ("Thống nhất", "Agree"), counts if case["severity"] == 1 else decided),
        (
            "false", ("Không thống nhất, đề nghị xem xét", "Disagree, ask for a review"),
            ("chưa tính điểm đến khi Sở Nội vụ quyết định", "nothing counts until the Department has decided"),
        ),
    ]  # fmt: skip


def _feasible(_: Case) -> list[Option]:
    left = (
        "Sở Nội vụ sẽ xem xét: gia hạn, miễn hoặc giữ nguyên hạn",
        "the Department will extend, waive or keep the deadline",
    )
    return [
        ("true", ("Được, theo ngày dưới đây", "Yes, by the day below"), None),
        ("false", ("Không khắc phục được", "It cannot"), left),
    ]  # fmt: skip


def _verdicts(case: Case) -> list[Option]:
    if case["remedy"] == "declined":
        return [
            (
                "verified", ("Đồng ý là không khắc phục được", "Agreed that it cannot be put right"),
                ("miễn khắc phục; không được giảm nửa điểm trừ", "the remedy is waived; no points come back"),
            ),
            (
                "refused", ("Không đồng ý, vẫn phải khắc phục", "Not agreed, it is still to be put right"),
                ("giữ nguyên hạn khắc phục", "the deadline stands"),
            ),
        ]  # fmt: skip
    again = ("mở hạn thứ hai và cuối cùng", "opens the second and last deadline")
    return [
        ("verified", ("Đã khắc phục", "Put right"), None),
        ("refused", ("Chưa đạt, yêu cầu làm lại", "Not good enough, to be done again"), again),
    ]  # fmt: skip


_REASON = Entry(
    pointer="/private/reason", kind="text", label=("Lý do", "Reason"), missing=("hãy ghi lý do", "give the reason"),
    hint=_SEALED,
)  # fmt: skip
_REASON_READ = replace(_REASON, hint=_READ_BY_UNIT)
_FILES = Entry(
    pointer="/files", kind="files", label=("Tệp kèm theo", "Files"),
    hint=(
        "Không bắt buộc. Nhiều nhất 10 tệp: ảnh JPEG, PNG, WebP hoặc PDF; mỗi tệp tối đa 10 MB, cả thảy 20 MB.",
        "Optional. At most 10 files: JPEG, PNG, WebP or PDF; at most 10 MB each, 20 MB together.",
    ),
)  # fmt: skip


def _verdict(pointer: str, label: Words, missing: Words, options: Callable[[Case], Sequence[Option]]) -> Entry:
    return Entry(pointer=pointer, kind="choice", label=label, missing=missing, options=options)


_OUTCOME: tuple[str, Words, Words] = (
    "/outcome",
    ("Quyết định", "Decision"),
    ("hãy chọn một quyết định", "choose a decision"),
)
_MORE_TIME = (
    _verdict(
        "/of", ("Gia hạn việc gì", "More time for"),
        ("hãy chọn việc cần gia hạn", "choose what the time is for"), _clocks,
    ),
    Entry(
        pointer="/until", kind="day", label=("Đến hết ngày", "Until the end of"),
        missing=("hãy ghi ngày", "give the day"),
        hint=(
            "Như 15/12/2026. Một ngày làm việc; nhiều nhất 20 ngày làm việc sau hạn đầu tiên.",
            "As 15/12/2026. A working day, at most 20 working days after the first deadline.",
        ),
    ),
    _REASON,
)  # fmt: skip
ASKED: Mapping[str, Asking] = {
    "reply": Asking(
        title=("Giải trình", "Reply"), button=("Gửi giải trình", "Send the reply"),
        entries=(
            _verdict(
                "/accepts", ("Ý kiến của đơn vị", "The unit's view"),
                ("hãy chọn thống nhất hoặc không thống nhất", "choose agree or disagree"), _replies,
            ),
            Entry(
                pointer="/private/text", kind="text", label=("Nội dung giải trình", "Reply"),
                missing=("hãy nêu lý do không thống nhất", "say why the unit disagrees"),
                needed_of=("/accepts", "false"),
                hint=(
                    "Nêu sự việc, lý do, văn bản kèm số. Được lưu mã hóa.",
                    "State facts, reasons, documents by number. Stored encrypted.",
                ),
            ),
            _FILES,
        ),
    ),
    "remedy-report": Asking(
        title=("Báo cáo khắc phục", "Report the remedy"), button=("Gửi báo cáo khắc phục", "Send the report"),
        entries=(
            Entry(
                pointer="/done_on", kind="day", label=("Khắc phục xong ngày", "Put right on"),
                missing=("hãy ghi ngày", "give the day"),
                hint=(
                    "Như 15/12/2026. Báo cáo trong hạn và được xác nhận thì mức 1, mức 2 chỉ tính nửa điểm trừ.",
                    "As 15/12/2026. Reported in time and verified, level 1 and 2 cost half.",
                ),
            ),
            Entry(
                pointer="/private/text", kind="text", label=("Đã làm gì", "What was done"),
                missing=("hãy nêu việc đã làm", "say what was done"),
                hint=(
                    "Nêu việc đã làm, văn bản kèm số. Được lưu mã hóa.",
                    "State what was done, documents by number. Stored encrypted.",
                ),
            ),
            _FILES,
        ),
    ),
    "remedy-plan": Asking(
        title=("Kế hoạch khắc phục", "Plan the remedy"), button=("Gửi kế hoạch", "Send the plan"),
        entries=(
            _verdict(
                "/feasible", ("Có khắc phục được không", "Can it be put right"),
                ("hãy chọn được hoặc không", "choose whether it can be put right"), _feasible,
            ),
            Entry(
                pointer="/due", kind="day", label=("Sẽ xong ngày", "It will be done by"),
                missing=("hãy ghi ngày", "give the day"), needed_of=("/feasible", "true"),
                hint=("Như 15/12/2026; không sau hạn khắc phục.", "As 15/12/2026; not after the remedy's deadline."),
            ),
            Entry(
                pointer="/private/actions", kind="text", label=("Sẽ làm gì", "What will be done"),
                missing=("hãy nêu việc sẽ làm, hoặc vì sao không làm được", "say what will be done, or why it cannot"),
                hint=(
                    "Nếu không khắc phục được, hãy nêu vì sao. Được lưu mã hóa.",
                    "If it cannot be put right, say why. Stored encrypted.",
                ),
            ),
        ),
    ),
    "extension-request": Asking(
        title=("Xin gia hạn", "Ask for more time"), button=("Gửi đề nghị gia hạn", "Send the request"),
        entries=_MORE_TIME,
        note=(
            "Đề nghị không làm dừng thời hạn: hạn cũ vẫn tính đến khi được gia hạn.",
            "Asking stops no clock: the old deadline stands until more time is given.",
        ),
    ),
    "appeal": Asking(
        title=("Khiếu nại quyết định", "Appeal the decision"), button=("Gửi khiếu nại", "Send the appeal"),
        entries=(
            Entry(
                pointer="/private/text", kind="text", label=("Nội dung khiếu nại", "The appeal"),
                missing=("hãy nêu nội dung khiếu nại", "say why you appeal"),
                hint=(
                    "Nêu điểm nào của quyết định chưa đúng. Được lưu mã hóa.",
                    "Say what of the decision is wrong. Stored encrypted.",
                ),
            ),
        ),
        note=(
            "Chỉ một lần, trong 10 ngày làm việc kể từ quyết định. Người khác sẽ xem xét; trong lúc đó chưa tính điểm.",
            "Once, within 10 working days of the decision. Somebody else looks into it; meanwhile nothing counts.",
        ),
    ),
    "decision": Asking(
        title=("Quyết định", "Decide"), button=("Ra quyết định", "Decide"),
        entries=(_verdict(*_OUTCOME, _offered), _REASON_READ),
    ),
    "second-review": Asking(
        title=("Thẩm định lần hai", "Second review"),
        button=("Ghi ý kiến thẩm định lần hai", "Record the second review"),
        entries=(_verdict(*_OUTCOME, _any_outcome), _REASON),
        note=(
            "Hồ sơ này được rút ngẫu nhiên để đọc lại độc lập. Kết luận thứ nhất không hiện ở đây; "
            "ý kiến của bạn không đổi điểm.",
            "This case was drawn at random to be read again. The first outcome is not shown; yours changes no score.",
        ),
    ),
    "remedy-verification": Asking(
        title=("Xác nhận khắc phục", "Verify the remedy"), button=("Ghi kết quả", "Record it"),
        entries=(
            _verdict(
                "/outcome", ("Kết quả khắc phục", "The remedy"),
                ("hãy chọn kết quả", "choose what became of it"), _verdicts,
            ),
            _REASON_READ,
        ),
    ),
    "extension": Asking(title=("Gia hạn", "Give more time"), button=("Gia hạn", "Give more time"), entries=_MORE_TIME),
    "release": Asking(
        title=("Thông báo cho đơn vị (mức 4)", "Release to the unit (level 4)"),
        button=("Thông báo cho đơn vị", "Release it"), entries=(_REASON,),
        note=(
            "Đơn vị sẽ nhận được ghi nhận này và được giải trình.",
            "The unit will be told of this finding and may reply.",
        ),
    ),
    "reopening": Asking(
        title=("Mở lại hồ sơ", "Reopen the case"), button=("Mở lại hồ sơ", "Reopen the case"), entries=(_REASON,),
        note=(
            "Hồ sơ chờ một quyết định mới; trong lúc đó chưa tính điểm.",
            "The case waits for a new decision; meanwhile nothing counts.",
        ),
    ),
}  # fmt: skip
"""By the noun of the write, under the finding."""
