"""The minutes in words: every line of the paper, ready to be set in type, so that PDF and .docx say the same. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.domain.words import EXCUSED, KINDS

ERASED = "[đã xóa theo quy định]"
WITHDRAWN, ADDED = " (đã rút lại)", " (bổ sung sau khi lập biên bản)"
UNANSWERED = frozenset({"K00", "K04"})
DOTS = "…………………………"
_IMPARTIAL = "Người mở cuộc kiểm tra đã cam kết không có xung đột lợi ích với đơn vị."
_SIGNED = {"leader": "TRƯỞNG ĐOÀN", "secretary": "THƯ KÝ", "unit": "ĐẠI DIỆN ĐƠN VỊ"}
_WITHOUT_LEADER = "ĐẠI DIỆN ĐOÀN KIỂM TRA"
_SEAT_OF = re.compile(r"(?:UBND|Ủy ban nhân dân) (?:xã|phường|đặc khu) (.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Office:
    """Who draws the minutes up, and where it sits; `seat` None: to be filled in by hand."""

    department: str
    seat: str | None


def paper(said: Mapping[str, Any], office: Office, content_hash: str, address: str) -> dict[str, Any]:
    """The lines and tables of the minutes, with what proves them."""
    private = said["private"]
    words = private.get("minutes", {}) or {}
    begun, ended = (datetime.fromisoformat(said[name]) for name in ("opened_at", "closed_at"))
    return {
        "title": "BIÊN BẢN", "subtitle": "Kiểm tra việc chấp hành kỷ luật, kỷ cương hành chính",
        "department": office.department.upper(), "number": words.get("number") or "……/BB-ĐKT",
        "place_and_day": f"{office.seat or _seat_of(said['unit_name'])}, {_day(ended.date())}",
        "opening": _opening(said, words, begun, private), "team": _team(said, words),
        "representative": _representative(words, private), "attendance": _attendance(said["roll"]),
        "checked": _checked(said), "findings": _findings(said), "photos": said["photos"], "right": _right(said),
        "opinion": _text(private, "opinion", "Đơn vị không có ý kiến."),
        "demands": words.get("demands") or "", "due": _due(words), "closing": _closing(said, words, ended),
        "refusal": None if said["roll"]["signed"] else _text(private, "refusal", "không nêu lý do"),
        "signatures": _signatures(said, words, private), "recipients": _recipients(said, office),
        "hash": content_hash, "short": " ".join(content_hash[place : place + 4] for place in range(0, 16, 4)),
        "address": address,
    }  # fmt: skip


def _seat_of(unit_name: str) -> str:
    """Where a commune's or ward's committee sits is its own name (NĐ 30/2020); of others only people know."""
    known = _SEAT_OF.fullmatch(unit_name)
    return known[1] if known else "…………"


def _unit(said: Mapping[str, Any]) -> str:
    above = said.get("parent_name")
    return f"{said['unit_name']} ({above})" if above else str(said["unit_name"])


def _opening(said: Mapping[str, Any], words: Mapping[str, Any], begun: datetime, private: Mapping[str, Any]) -> str:
    place = words.get("place") or (ERASED if _gone(private, "minutes") else f"trụ sở {said['unit_name']}")
    return (
        f"Hôm nay, {_moment(begun)}, tại {place}, Đoàn kiểm tra thực hiện Quyết định số {said['basis']} tiến hành kiểm "
        f"tra {_kind(said['kind'])} việc chấp hành kỷ luật, kỷ cương hành chính tại {_unit(said)}."
    )


def _kind(kind: str) -> str:
    return KINDS[kind][0] + (", không báo trước" if kind == "unannounced" else "")


def _team(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    leader = _leader(said, words)
    others = [one for one in said["team"] if not one["leads"]]
    lines = [_member(leader, "Trưởng đoàn")] if leader is not None else []
    lines += [_member(one["name"], "Thành viên") for one in others]
    lines += [f"Thư ký: {words['secretary']}"] if words.get("secretary") else []
    return lines + ([_IMPARTIAL] if said["impartial"] else [])


def _leader(said: Mapping[str, Any], words: Mapping[str, Any]) -> str | None:
    """The leader's name as it was written down, else that of the account; empty where the reader may not know it.

    None when nobody of the team leads: then nobody is called so.
    """
    leads = [one["name"] or "" for one in said["team"] if one["leads"]]
    return str(words.get("leader") or leads[0]) if leads else words.get("leader")


def _member(name: str | None, role: str) -> str:
    """Somebody by role; an account that is called after its role says it once."""
    return role if not name else name if name.casefold().startswith(role.casefold()) else f"{role}: {name}"


def _representative(words: Mapping[str, Any], private: Mapping[str, Any]) -> str:
    who = words.get("representative")
    if not who:
        return ERASED if _gone(private, "minutes") else DOTS
    return f"{who['name']}, {who['post']}" if who.get("post") else str(who["name"])


def _attendance(roll: Mapping[str, Any]) -> list[list[str]]:
    excused = roll["excused"]
    kinds = "; ".join(f"{EXCUSED[kind][0]} {number(count)}" for kind, count in excused.items() if count)
    away = number(sum(excused.values())) + (f" ({kinds})" if kinds else "")
    return [
        ["Biên chế được giao", number(roll["assigned"])], ["Có mặt", number(roll["present"])],
        ["Trong đó đi muộn", number(roll["late"])], ["Vắng có lý do", away],
        ["Vắng không lý do", number(roll["unexcused"])],
    ]  # fmt: skip


def _checked(said: Mapping[str, Any]) -> str:
    roll = said["roll"]
    return (
        f"Đã kiểm tra {number(roll['persons_checked'])} người, {number(roll['files_checked'])} hồ sơ; không đeo thẻ: "
        f"{number(said['badges_missing'])}/{number(roll['persons_checked'])} người."
    )


def _findings(said: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            one["code"],
            f"{one['name']}{ADDED if one.get('added') else ''}{WITHDRAWN if one['withdrawn'] else ''}",
            str(one["severity"] or "–"), _hour(one["at"]), _count(one), _narrative(one),
        ]
        for one in said["findings"]
    ]  # fmt: skip


def _narrative(one: Mapping[str, Any]) -> str:
    return ERASED if one.get("narrative", "") is None else str(one.get("narrative") or "–")


def _hour(at: str | None) -> str:
    return f"{datetime.fromisoformat(at):%H:%M}" if at else "–"


def _right(said: Mapping[str, Any]) -> str:
    """What the unit may do now, and until when."""
    asked = [one for one in said["findings"] if one["code"] not in UNANSWERED and not one["withdrawn"]]
    if not said.get("reply_due") or not asked:
        return ""
    last = datetime.fromisoformat(said["reply_due"])
    return f"Đơn vị có quyền giải trình các ghi nhận trên đến hết ngày {last:%d/%m/%Y}."


def _recipients(said: Mapping[str, Any], office: Office) -> list[str]:
    return [f"{_unit(said)};", f"{office.department};", "Lưu: hồ sơ đoàn kiểm tra."]


def _count(one: Mapping[str, Any]) -> str:
    return "–" if one["code"] == "K00" else number(one["count"])


def _due(words: Mapping[str, Any]) -> str:
    due = words.get("demands_due")
    return f"Thời hạn khắc phục: chậm nhất ngày {date.fromisoformat(due):%d/%m/%Y}." if due else ""


def _closing(said: Mapping[str, Any], words: Mapping[str, Any], ended: datetime) -> str:
    number_of = f"{words['copies']:02d}" if words.get("copies") else "……"
    copies = f" Biên bản lập thành {number_of} bản có giá trị như nhau."
    end = (
        "đã đọc lại cho mọi người cùng nghe, công nhận là đúng và cùng ký"
        if said["roll"]["signed"]
        else "đã đọc lại; đại diện đơn vị từ chối ký"
    )
    return f"Việc kiểm tra kết thúc lúc {_moment(ended)}. Biên bản {end}.{copies}"


def _signatures(said: Mapping[str, Any], words: Mapping[str, Any], private: Mapping[str, Any]) -> list[dict[str, Any]]:
    drawn = private.get("signatures") or {}
    names = {
        "leader": _leader(said, words) or _only(said["team"]),
        "secretary": words.get("secretary"),
        "unit": (words.get("representative") or {}).get("name"),
    }
    return [
        {
            "title": _WITHOUT_LEADER if who == "leader" and _leader(said, words) is None else title,
            "name": names[who] or "", "drawn": drawn.get(who),
            "refused": who == "unit" and not said["roll"]["signed"],
        }
        for who, title in _SIGNED.items()
        if who != "secretary" or names[who] or drawn.get(who)
    ]  # fmt: skip


def _only(team: Sequence[Mapping[str, Any]]) -> str | None:
    """Who signs for a team without a leader: the opener, who stands first."""
    return team[0]["name"] if team else None


def _text(private: Mapping[str, Any], part: str, otherwise: str) -> str:
    return ERASED if _gone(private, part) else str(private.get(part) or otherwise)


def _gone(private: Mapping[str, Any], part: str) -> bool:
    return part in private and private[part] is None


def _moment(instant: datetime) -> str:
    return f"{instant:%H} giờ {instant:%M} phút, {_day(instant.date())}"


def _day(day: date) -> str:
    month = day.month if day.month > 2 else f"{day:%m}"  # NĐ 30/2020: a nought before 1 and 2 only
    return f"ngày {day:%d} tháng {month} năm {day.year}"


def number(count: int) -> str:
    """12471 → `12.471`."""
    return f"{count:,}".replace(",", ".")
