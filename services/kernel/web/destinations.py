"""Where a reader may go, by the role matrix: what menu, refusals, notices and dead ends offer. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.kernel.identity.roles import MATRIX, Action, Reach, Role

DESK = "/intake/desk/"
SIGN_IN = "/intake/login"


@dataclass(frozen=True, slots=True)
class Destination:
    """A page, in both languages, and who has a use for it; `covers` begins the paths that belong to it."""

    path: str
    vi: str
    en: str
    roles: frozenset[Role]
    icon: str = ""
    covers: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        """Its name."""
        return self.en if language == "en" else self.vi


def may(*actions: Action) -> frozenset[Role]:
    """The roles that may take one of these actions."""
    return frozenset(role for action in actions for role in MATRIX[action])


SECTIONS = (
    Destination("/intake/", "Kiểm tra", "Inspect", may(Action.FILE), "inspect", ("/intake/",)),
    Destination(
        DESK, "Xử lý hồ sơ", "Case desk", frozenset(Role), "desk", (DESK, "/intake/units/", "/intake/minutes/")
    ),
    Destination(
        "/reports/notices",
        "Thông báo",
        "Notices",
        may(Action.NOTICES),
        "notices",
        ("/reports/notices", "/reports/inbox", "/reports/deliveries"),
    ),
    Destination("/reports/", "Phiếu điểm", "Scorecards", may(Action.LIVE_CARDS), "cards", ("/reports/",)),
    Destination("/audit/", "Nhật ký", "Log", frozenset(Role), "log", ("/audit/",)),
)
_LOG = SECTIONS[-1]
_SIGN_IN = Destination(SIGN_IN, "Đăng nhập", "Sign in", frozenset())
_DESK = SECTIONS[1]

_WATCHING = frozenset(role for role, reach in MATRIX[Action.READ_CASE].items() if reach is Reach.PUBLIC_PART)
_DIRECTORY = may(Action.READ_ERASURES, Action.CHANGE_DIRECTORY)
TABS = (
    Destination("answer", "Việc cần làm", "To do", may(Action.ANSWER)),
    Destination("following", "Đơn vị trực thuộc", "Units below", may(Action.ANSWER)),
    Destination("answered", "Đã trả lời, đã xong", "Answered, done", may(Action.ANSWER)),
    Destination("waiting", "Chờ xử lý", "To handle", may(Action.DECIDE)),
    Destination("history", "Đã xử lý", "Handled", may(Action.DECIDE)),
    Destination("second", "Thẩm định lần hai", "Second review", may(Action.DECIDE)),
    Destination("commend", "Biểu dương", "Commend", may(Action.DECIDE)),
    Destination("surveys", "Khảo sát", "Surveys", may(Action.SURVEY)),
    Destination("quarter", "Chốt quý", "Close a quarter", may(Action.DECIDE)),
    Destination("mine", "Kết quả kiểm tra", "Inspection results", may(Action.FILE)),
    Destination("rounds", "Đợt kiểm tra", "Rounds", may(Action.READ_ROUNDS)),
    Destination("erasures", "Yêu cầu xóa", "Erasures", may(Action.READ_ERASURES)),
    Destination("cases", "Hồ sơ", "Cases", _WATCHING),
    Destination("phones", "Thiết bị", "Devices", may(Action.READ_DEVICES)),
    Destination("units", "Đơn vị", "Units", _DIRECTORY),
    Destination("tokens", "Mã truy cập", "Tokens", may(Action.CHANGE_DIRECTORY)),
)


def sections(roles: Collection[Role]) -> list[Destination]:
    """The sections these roles have a use for, in the menu's order."""
    return [section for section in SECTIONS if section.roles & frozenset(roles)]


def tabs(roles: Collection[Role]) -> list[Destination]:
    """The desk's tabs for these roles."""
    return [tab for tab in TABS if tab.roles & frozenset(roles)]


def section_of(path: str, among: Sequence[Destination]) -> Destination | None:
    """The section a path lies in: of those that cover it the closest, if it is one of these."""
    covering = [(len(start), section) for section in SECTIONS for start in section.covers if path.startswith(start)]
    closest = max(covering, key=lambda pair: pair[0], default=(0, None))[1]
    return closest if closest in among else None


def ways_on(roles: Collection[Role] | None, here: str) -> list[Destination]:
    """Where whoever met a dead end at `here` can go: None stands for nobody signed in. Never back to the dead end."""
    found = [_SIGN_IN, _LOG] if roles is None else sections(roles) or [_DESK]
    return [way for way in found if way.path != here]


def case(roles: Collection[Role], inspection: str, *, own: bool, open: bool) -> Destination | None:
    """Where a reader meets a case: `own` when he answers for its unit, `open` while it can be answered."""
    held = frozenset(roles)
    if own and held & may(Action.ANSWER):
        name = "answer" if open else "answered"
    else:
        name = next((tab for tab in ("waiting", "following", "mine") if _TAB_ROLES[tab] & held), "")
    if not name:
        return None
    vi, en = _CASE_WORDS[name]
    return Destination(f"{DESK}#/{name}/{inspection}", vi, en, _TAB_ROLES[name])


_TAB_ROLES = {tab.path: tab.roles for tab in TABS}
_CASE_WORDS = {
    "answer": ("Xem và giải trình", "See and reply"),
    "answered": ("Xem kết quả", "See the result"),
    "waiting": ("Xem hồ sơ", "See the case"),
    "following": ("Theo dõi", "Follow"),
    "mine": ("Xem cuộc kiểm tra", "See the inspection"),
}
