"""The rules of a finding: recorded, withdrawn, replied to, decided. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from services.domain.catalogue import COMMENDATIONS, Catalogue, Code
from services.intake.cases.forms import DecideFinding, ReplyToFinding
from services.intake.findings.forms import RecordFinding
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import (
    Asked,
    answering_grant,
    check_clock,
    filing_grant,
    known_finding,
    known_inspection,
    moment,
    phone_clock,
)
from services.intake.writing.refusals import Incomplete, ReplyWindowOpen, WithdrawalTooLate, WrongState
from services.intake.writing.rights import first_of, grants_at, reaching, require_told
from services.intake.writing.world import Finding, Inspection, World, is_lost
from services.kernel.identity.reach import KEPT
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, NotFound, invalid
from services.kernel.quarters import rfc3339

SKEW = timedelta(hours=1)
_REFERABLE = 4  # severity
FILER_MAY_WITHDRAW = timedelta(hours=24)
_DONE = {
    "withdrawn": ("Ghi nhận đã được rút lại.", "The finding has been withdrawn."),
    "replied": ("Ghi nhận đã được giải trình.", "The finding has been replied to."),
    "lapsed": ("Thời hạn giải trình đã hết.", "The reply window has lapsed."),
    "decided": ("Ghi nhận đã có kết luận.", "The finding has been decided."),
}
_NO_CASE = ("K00 và K04 không có giải trình hay kết luận.", "K00 and K04 take no reply or decision.")


def record(asked: Asked) -> Accepted:
    """Record what a member of the team, or a lead in scope, saw."""
    world, command = asked.world, asked.command
    form = cast(RecordFinding, command.form)
    newest = _newest_with(world, form.code)
    code = _check_code(newest, form)
    captured_at = moment(form.captured_at)
    inspection = known_inspection(world, form.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at, captured_at)
    grant = filing_grant(asked, inspection, asked.caller.account in inspection.team)
    refuse_foreign(asked.known)
    if inspection.catalogue != newest.version:
        code = _check_code(next(one for one in world.catalogues if one.version == inspection.catalogue), form)
    flags: list[str] = []
    _capture(world, inspection, form, captured_at, flags)
    due = world.reply_due() if inspection.state == "closed" else None
    finding = Finding(
        command.id, inspection.id, inspection.unit, code.code, inspection.catalogue, code.severity, form.count,
        captured_at, tuple(photo.model_dump() for photo in form.photos), asked.caller.account, world.now, reply_due=due,
    )  # fmt: skip
    world.findings[finding.id] = finding
    world.changes.new_findings.append(finding)
    if due is not None and 1 <= code.severity <= 3 and inspection.acknowledged:
        inspection.acknowledged = False  # a finding that joins the alert opens it again
        world.changes.inspections[inspection.id] = inspection
    return Accepted(
        asked.caller.account, grant.role, inspection.quarter, inspection.unit,
        "kycuong.finding.recorded.v1", f"finding/{finding.id}",
        {
            "finding": finding.id, "inspection": inspection.id, "code": code.code, "catalogue": inspection.catalogue,
            "severity": code.severity, "count": form.count, "captured_at": str(form.captured_at),
            "photos": len(finding.photos), "flags": flags, **phone_clock(form),
            **({"reply_due": rfc3339(due)} if due else {}),
        },
        "recorded", flags, private=True, extra={"inspection": inspection.id},
    )  # fmt: skip


def _newest_with(world: World, code: str) -> Catalogue:
    """The newest version that has a code: a phone may file by an earlier one for an inspection opened under it."""
    return next((one for one in reversed(world.catalogues) if code in one.codes), world.catalogues[-1])


def _check_code(catalogue: Catalogue, form: RecordFinding) -> Code:
    code = catalogue.codes.get(form.code)
    if code is None:
        raise invalid("/code", "không có mã này trong danh mục", "the catalogue has no such code")
    if code.code in COMMENDATIONS:
        raise invalid("/code", "K01–K03 chỉ ghi bằng phiếu biểu dương", "K01–K03 come only as commendations")
    if code.severity == 1 and form.private.persons:
        raise invalid(
            "/private/persons",
            "mức 1 chỉ ghi số lượng, không ghi người; hãy bỏ trường này",
            "severity 1 is counted only, without persons; remove this field",
        )
    return code


def _capture(
    world: World, inspection: Inspection, form: RecordFinding, captured_at: datetime, flags: list[str]
) -> None:
    check_clock(world, "/captured_at", captured_at, form, flags)
    if captured_at < inspection.opened_at - SKEW:
        raise invalid(
            "/captured_at",
            "ở trước lúc bắt đầu kiểm tra quá 1 giờ",
            "is more than 1 hour before the inspection was opened",
        )
    closed_at = inspection.closed_at or captured_at
    if captured_at > closed_at + SKEW:
        raise invalid(
            "/captured_at",
            "ở sau lúc kết thúc kiểm tra quá 1 giờ",
            "is more than 1 hour after the inspection was closed",
        )
    if not inspection.opened_at <= captured_at <= closed_at and "clock_skew" not in flags:
        flags.insert(0, "clock_skew")


def withdraw(asked: Asked) -> Accepted:
    """Take an undecided finding back: the filer within 24 hours, a lead at any time."""
    world, command = asked.world, asked.command
    finding = known_finding(world, command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    require_told(world, asked.caller, inspection.unit, kept=finding.severity == KEPT)
    grant = filing_grant(asked, inspection, asked.caller.account == finding.filer)
    refuse_foreign(asked.known)
    if finding.state in ("withdrawn", "decided"):
        raise WrongState(_DONE[finding.state])
    leads = first_of(reaching(world, asked.grants, inspection.unit), Role.LEAD)
    if leads is None and world.now > finding.received_at + FILER_MAY_WITHDRAW:
        raise WithdrawalTooLate
    finding.state = "withdrawn"
    finding.answers["withdrawal"] = command.id
    return _about(asked, finding, inspection, (leads or grant).role, "withdrawn", {})


def reply(asked: Asked) -> Accepted:
    """Answer a finding for the unit, once, until it is decided, withdrawn or lapsed."""
    world, command = asked.world, asked.command
    form = cast(ReplyToFinding, command.form)
    finding = known_finding(world, command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    reaching(world, asked.grants, inspection.unit)
    if finding.severity == KEPT:
        raise NotFound  # kept from the unit until the reviewer releases it
    grant = answering_grant(asked, inspection.unit)
    refuse_foreign(asked.known)
    if finding.severity == 0:
        raise WrongState(_NO_CASE)
    if finding.state != "recorded":
        raise WrongState(_DONE[finding.state])
    finding.state, finding.accepts = "replied", form.accepts
    finding.answers["reply"] = command.id
    return _about(asked, finding, inspection, grant.role, "replied", {"accepts": form.accepts})


def decide(asked: Asked) -> Accepted:
    """Decide a finding: `upheld` only after a reply or a lapse, never by one of the team."""
    world, command = asked.world, asked.command
    form = cast(DecideFinding, command.form)
    finding = known_finding(world, command.parent)
    inspection = known_inspection(world, finding.inspection)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), inspection.unit)[0]
    require_told(world, asked.caller, inspection.unit, kept=finding.severity == KEPT)
    if asked.caller.account in (*inspection.team, finding.filer):
        raise Forbidden((
            "Người trong đoàn kiểm tra không được kết luận.",
            "A member of the inspecting team may not decide.",
        ))  # fmt: skip
    _refuse_doubtful(world, asked.caller.account, inspection, finding)
    refuse_foreign(asked.known)
    if finding.severity == 0:
        raise WrongState(_NO_CASE)
    if form.outcome == "referred" and finding.severity < _REFERABLE:
        raise invalid(
            "/outcome",
            "chỉ ghi nhận mức 4 mới chuyển cơ quan có thẩm quyền; hãy chọn kết quả khác",
            "only a finding of severity 4 is referred; choose another outcome",
        )
    if finding.state in ("withdrawn", "decided"):
        raise WrongState(_DONE[finding.state])
    if form.outcome == "upheld":
        if finding.state == "recorded":
            raise ReplyWindowOpen
        if finding.missing:
            raise Incomplete
    finding.state, finding.outcome = "decided", form.outcome
    finding.answers["decision"] = command.id
    return _about(asked, finding, inspection, grant.role, "decided", {"outcome": form.outcome})


def _refuse_doubtful(world: World, account: str, inspection: Inspection, finding: Finding) -> None:
    """Of a team that was lost nobody decides who may have been in it."""
    lost = any(map(is_lost, (*inspection.team, finding.filer)))
    if lost and (account, inspection.quarter) not in world.apart:
        raise Forbidden((
            "Tên người trong đoàn kiểm tra đã mất khi khôi phục dữ liệu, nên chưa loại trừ được rằng anh/chị ở trong "
            "đoàn; hãy nhờ người thẩm định khác, hoặc quản trị xác nhận đoàn theo biên bản giấy.",
            "Who was in the team was lost in a restore, and it is not certain that you were not; let another reviewer "
            "decide, or the administrator confirm the team from the paper minutes.",
        ))  # fmt: skip


def _about(
    asked: Asked, finding: Finding, inspection: Inspection, role: Role, state: str, data: Mapping[str, Any]
) -> Accepted:
    asked.world.changes.findings[finding.id] = finding
    return Accepted(
        asked.caller.account, role, inspection.quarter, finding.unit,
        f"kycuong.finding.{state}.v1", f"finding/{finding.id}",
        {"finding": finding.id, "inspection": inspection.id, **data},
        state, private=True, extra={"finding": finding.id, "inspection": inspection.id},
    )  # fmt: skip
