"""What the page of a case says of a form that was not taken as it came: why, what stands, and what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from uuid_utils import uuid7

from services.domain.words import Words
from services.intake.plain.entries import ASKED, Case, Entry
from services.intake.plain.sent import FILES, Sent, Why
from services.kernel.problems import IdReused, Language, Problem
from services.kernel.web.pages import moment

_SENT_BEFORE = (
    "Mẫu này đã được gửi một lần và đã được nhận{}: bản gửi trước được giữ nguyên. Nội dung vừa nhập chưa được nhận.",
    "This form was sent once before and received{}: what was sent then stands. What you typed now was not received.",
)
_AGAIN = (
    "Hãy xem bản trước trong hồ sơ dưới đây; nếu vẫn cần thì gửi lại.",
    "See the case below; send again if needed.",
)
_NO_MORE = (
    "Hồ sơ hiện không nhận thêm; nội dung vừa nhập ở dưới để chép lại nếu cần.",
    "The case takes no other now; what you typed is below, to copy if you need it.",
)
_RETYPED = "typed"  # the form that is drawn anew with what was typed, where another language or view is chosen
_FILES_GONE = ("tệp đã chọn không được giữ lại; hãy chọn lại", "the files chosen were not kept; choose them again")


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not taken."""

    noun: str
    sent: Sent
    problem: Problem


def forms_of(
    case: Case, offered: Sequence[str], refused: Refused | None, language: Language, address: str
) -> dict[str, Any]:  # fmt: skip
    """The forms, and what is said above them of one that was not taken as it came."""
    missing = _missing(case)
    if refused is None:
        return _told_of(case, missing, [_form(noun, case, None, ()) for noun in offered])
    late = refused.sent.taken
    shown = refused.noun in offered and not late
    before = None if late else _sent_before(case, refused, shown=shown)
    if isinstance(refused.problem, IdReused):
        refused = replace(refused, problem=IdReused(before), sent=replace(refused.sent, id=""))
        before = None
    problem = refused.problem.body(language, address)
    wrong, lost = problem.get("errors", []), _lost(refused.sent, language)
    forms = [_form(noun, case, None, ()) for noun in offered if late or noun != refused.noun]
    if shown:
        forms.insert(0, _form(refused.noun, case, refused, [*wrong, *lost]))
    kept = () if late or shown else kept_of(refused)
    retyped = again_typed(refused, kept=True) if shown or kept else {}
    return _told_of(case, missing, forms) | {
        "problem": problem, "late": late, "awaited": refused.sent.id in missing, "before": before,
        "wrong": _told(wrong, forms), "lost": _told(lost, forms), "kept": kept,
        **retyped,
    }  # fmt: skip


def _told_of(case: Case, missing: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All that the page asks for, of a case of which nothing was refused; the first form outlives another language."""
    return {
        "missing": missing, "forms": forms, "problem": None, "late": False, "awaited": False, "before": None,
        "wrong": (), "lost": (), "kept": (), "retyped": _RETYPED if forms else None, "typed": {},
        "retyped_at": f"/intake/cases/{case['id']}/{forms[0]['noun']}" if forms else "",
    }  # fmt: skip


def _sent_before(case: Case, refused: Refused, *, shown: bool) -> Words | None:
    """That what this form brought once stands, and what came now does not."""
    times = [moment(step["time"]) for step in case["history"] if step["id"] == refused.sent.id]
    if not times and not isinstance(refused.problem, IdReused):
        return None
    at = (f" lúc {times[0]}", f" on {times[0]}") if times else ("", "")
    vi, en = (said.format(when) for said, when in zip(_SENT_BEFORE, at, strict=True))
    more = _AGAIN if shown else _NO_MORE
    return f"{vi} {more[0]}", f"{en} {more[1]}"


def again_typed(refused: Refused, *, kept: bool) -> dict[str, Any]:
    """What the switches of language and view send again, so that no word is lost, nor why it was refused."""
    if not kept:
        return {"retyped": None, "typed": {}}
    why = Why.of(refused.problem, chosen=refused.sent.chosen).written()
    return {"retyped": _RETYPED, "retyped_at": "", "typed": {"id": refused.sent.id, "was": why, **refused.sent.typed}}


def _missing(case: Case) -> dict[str, list[Mapping[str, Any]]]:
    """By write the files that it names and that the reader may still send."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in case["files"]:
        if one["awaited"]:
            found.setdefault(one["write"], []).append(one)
    return found


def _lost(sent: Sent, language: Language) -> list[dict[str, str]]:
    """That files were chosen: no page can choose them again."""
    words = _FILES_GONE[language == "en"]
    return [{"pointer": FILES, "detail": words}] if sent.chosen else []


def _form(noun: str, case: Case, refused: Refused | None, wrong: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A form as the page draws it, with what was typed into it before."""
    asking, sent = ASKED[noun], refused.sent if refused else Sent()
    errors = wrong if refused else ()
    return {
        "noun": noun, "asking": asking, "id": sent.id or str(uuid7()), "open": refused is not None,
        "entries": [_entry(noun, entry, case, sent.typed, errors) for entry in asking.entries],
    }  # fmt: skip


def _entry(
    noun: str, entry: Entry, case: Case, typed: Mapping[str, str], wrong: Sequence[Mapping[str, str]]
) -> dict[str, Any]:  # fmt: skip
    options = entry.options(case)
    only = options[0][0] if len(options) == 1 and not typed else ""
    return {
        "entry": entry, "id": f"{noun}{entry.pointer.replace('/', '-')}", "options": options,
        "value": typed.get(entry.pointer, only),
        "wrong": [one["detail"] for one in wrong if _is_of(one["pointer"], entry)],
    }  # fmt: skip


def _is_of(pointer: str, entry: Entry) -> bool:
    return pointer == entry.pointer or pointer.startswith(f"{entry.pointer}/")


def _told(wrong: Sequence[Mapping[str, str]], forms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is wrong, each with the field that it is about."""
    fields = [one for form in forms if form["open"] for one in form["entries"]]
    return [
        {"detail": one["detail"], "field": next((of for of in fields if _is_of(one["pointer"], of["entry"])), None)}
        for one in wrong
    ]  # fmt: skip


def kept_of(refused: Refused) -> list[tuple[Words, str]]:
    """What was typed into a form that is not offered any more, so that it is not lost."""
    typed = refused.sent.typed
    asked = ASKED[refused.noun].entries if refused.noun in ASKED else ()
    texts = [entry for entry in asked if entry.kind in ("text", "day")]
    return [(entry.label, typed[entry.pointer]) for entry in texts if typed.get(entry.pointer, "").strip()]
