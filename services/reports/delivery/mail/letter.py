"""A notice as a mail: unit, count, date and link only, one thread a case. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import cast

from services.kernel.quarters import local_date, parse_instant
from services.reports.delivery.port import Message

_ENDS = "Thư này được gửi tự động; xin không trả lời."
_SAID: Mapping[str, Callable[[Message], str]] = {
    "findings": lambda m: f"{m.unit_name} có {m.findings} ghi nhận của cuộc kiểm tra kết thúc ngày {_day(m)}",
    "reminder": lambda m: f"{m.unit_name} có một hồ sơ sắp hết hạn",
    "lapse": lambda m: f"{m.unit_name} có một hồ sơ đã hết hạn giải trình",
    "decision": lambda m: f"{m.unit_name} có một hồ sơ vừa được quyết định",
    "release": lambda m: f"{m.unit_name} có một ghi nhận mới được thông báo",
    "extension": lambda m: f"{m.unit_name} có một hồ sơ về gia hạn",
    "correction": lambda m: f"{m.unit_name} có một hồ sơ vừa được đính chính",
    "appeal": lambda m: f"{m.unit_name} có kiến nghị mới về một hồ sơ",
    "reopening": lambda m: f"{m.unit_name} có một hồ sơ được mở lại",
    "voiding": lambda m: f"Một cuộc kiểm tra tại {m.unit_name} đã được hủy",
    "remedy": lambda m: f"{m.unit_name} có tin mới về việc khắc phục",
    "overdue": lambda m: f"{m.unit_name} có một việc khắc phục đã quá hạn",
    "escalation": lambda m: f"{m.unit_name} có một hồ sơ quá hạn được chuyển lên trên",
    "pattern": lambda m: f"{m.unit_name} có một lỗi lặp lại trong bốn quý",
}


class _Subject(UniqueUnstructuredHeader):
    """Folded by the older `Header`: before Python 3.13 two words grow together (findings/email-folded-words)."""

    def fold(self, *, policy: EmailPolicy) -> str:
        words = Header(str(self), "utf-8", header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {str(self) if policy.utf8 else words}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", cast("type[BaseHeader]", _Subject))
_POLICY = SMTP.clone(header_factory=_HEADERS)


def _day(message: Message) -> str:
    return f"{local_date(parse_instant(message.created_at)):%d/%m/%Y}"


def letter(message: Message, sender: str, to: str, now: datetime) -> EmailMessage:
    """The mail of a notice; its id is the notice's on every try, and every mail of a case answers one root."""
    mail = _addressed(sender, to, now)
    domain = sender.rpartition("@")[2].rstrip(">")
    mail["Subject"] = f"Kỷ Cương: {message.unit_name}"
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    if message.inspection is not None:
        mail["In-Reply-To"] = mail["References"] = f"<{message.inspection}@{domain}>"
    said = _SAID[message.kind](message)
    due = f", hạn hết ngày {message.due_on:%d/%m/%Y}" if message.due_on else ""
    _write(mail, f"{said}{due}.\n\nXem tại: {message.link}\n\n{_ENDS}\n")
    return mail


def confirmation(id: str, link: str, sender: str, to: str, now: datetime) -> EmailMessage:
    """The mail that asks whether an address is whose it says."""
    mail = _addressed(sender, to, now)
    mail["Subject"] = "Kỷ Cương: xác nhận địa chỉ thư"
    mail["Message-ID"] = f"<{id}@{sender.rpartition('@')[2].rstrip('>')}>"
    text = "Để nhận thông báo tại địa chỉ này, hãy mở liên kết sau trong 24 giờ:"
    _write(mail, f"{text}\n\n{link}\n\nNếu bạn không yêu cầu, xin bỏ qua thư này.\n")
    return mail


def digest(message: Message, sender: str, to: str, now: datetime) -> EmailMessage:
    """The week's mail: how much is unread, and when the nearest deadline is."""
    mail = _addressed(sender, to, now)
    mail["Subject"] = f"Kỷ Cương: {message.findings} thông báo chưa đọc"
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2].rstrip('>')}>"
    due = f", hạn gần nhất hết ngày {message.due_on:%d/%m/%Y}" if message.due_on else ""
    _write(mail, f"Bạn có {message.findings} thông báo chưa đọc{due}.\n\nXem tại: {message.link}\n\n{_ENDS}\n")
    return mail


def _addressed(sender: str, to: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(_POLICY)
    mail["From"], mail["To"], mail["Date"] = sender, to, format_datetime(now)
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _write(mail: EmailMessage, text: str) -> None:
    mail.set_content(text, subtype="plain", charset="utf-8", cte="quoted-printable")
