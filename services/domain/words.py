"""The domain's words in both languages, for every page and answer that names them. Pure."""

from collections.abc import Mapping

from services.domain.case import Outcome, State, settled
from services.kernel.problems import Language

Pair = tuple[str, str]
STATES: Mapping[State, Pair] = {
    State.RECORDED: ("Đã ghi nhận", "Recorded"),
    State.REPLIED: ("Đã giải trình", "Replied"),
    State.LAPSED: ("Hết hạn giải trình", "No reply in time"),
    State.WITHDRAWN: ("Đã rút lại", "Withdrawn"),
    State.DECIDED: ("Đã quyết định", "Decided"),
}
OUTCOMES: Mapping[Outcome, Pair] = {
    Outcome.UPHELD: ("Xác nhận vi phạm", "Upheld"),
    Outcome.EXCUSED: ("Có lý do chính đáng", "Excused"),
    Outcome.NOT_PROVEN: ("Chưa đủ chứng cứ", "Not proven"),
    Outcome.UNFOUNDED: ("Không có căn cứ", "Unfounded"),
    Outcome.SYSTEM_FAULT: ("Do hệ thống, không do đơn vị", "System fault"),
    Outcome.REFERRED: ("Chuyển cơ quan có thẩm quyền", "Referred"),
}
SETTLED: Mapping[str, Pair] = {
    "accepted": ("Được tính (đơn vị thống nhất)", "Counts (the unit agrees)"),
    "lapsed": ("Được tính (quá hạn)", "Counts (no reply in time)"),
}
_BY_NAME: Mapping[str, Pair] = {str(name): pair for name, pair in (*STATES.items(), *OUTCOMES.items())}


def case_label(severity: int, state: str, accepts: bool | None, outcome: str | None, language: Language) -> str:
    """A case's state in words: its outcome, what settled it without one, or how far it has come.

    One of a newer program is shown by its name.
    """
    told = SETTLED.get(settled(severity, state, accepts) or "") or _BY_NAME.get(outcome or state, (state, state))
    return told[1 if language == "en" else 0]
