"""The rules of a finding: recorded, corrected, withdrawn. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from services.domain import case
from services.domain.catalogue import COMMENDATIONS, Catalogue, Code
from services.domain.deadlines import Kind
from services.intake.findings.asking import known_finding
from services.intake.findings.forms import CorrectFinding, RecordFinding
from services.intake.findings.passing import passed_before
from services.intake.findings.state import Finding, Findings, Step
from services.intake.inspections.asking import filing_grant, known_inspection, require_standing
from services.intake.inspections.state import Inspection, Inspections
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import check_clock, moment, phone_clock
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import CorrectionTooLate, ReplyWindowOpen, WithdrawalTooLate, WrongState
from services.intake.writing.rights import first_of, grants_at, reaching, require_told
from services.intake.writing.world import World
from services.kernel.identity.roles import Role
from services.kernel.problems import NotFound, invalid
from services.kernel.quarters import rfc3339

SKEW = timedelta(hours=1)
FILER_MAY_WITHDRAW = timedelta(hours=24)
_DONE = {
    case.State.RECORDED: ("Ghi nhận chưa có giải trình hay kết luận.", "The finding waits for its reply and decision."),
    case.State.WITHDRAWN: ("Ghi nhận đã được rút lại.", "The finding has been withdrawn."),
    case.State.REPLIED: ("Ghi nhận đã được giải trình.", "The finding has been replied to."),
    case.State.LAPSED: ("Thời hạn giải trình đã hết.", "The reply window has lapsed."),
    case.State.DECIDED: ("Ghi nhận đã có kết luận.", "The finding has been decided."),
    case.State.APPEALED: ("Kết luận đang được xem xét lại theo kiến nghị.", "The decision is under appeal."),
    case.State.REOPENED: ("Ghi nhận đã được mở lại, chờ kết luận.", "The finding is reopened, to be decided again."),
    case.State.UNHEARD: (
        "Ghi nhận đã được mở lại, đang chờ đơn vị giải trình.", "The finding is reopened, and the unit may reply."
    ),
    case.State.VOIDED: ("Cuộc kiểm tra đã bị hủy.", "The inspection has been voided."),
}  # fmt: skip
_NOT_KEPT = (
    "Ghi nhận này đơn vị đã biết, không có gì để công khai cho đơn vị.",
    "The unit knows of this finding already; there is nothing to release.",
)
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
    grant = filing_grant(asked, inspection, inspection.is_of_team(asked.caller.account, captured_at, world.now))
    refuse_foreign(asked.known)
    require_standing(inspection)
    if inspection.catalogue != newest.version:
        code = _check_code(next(one for one in world.catalogues if one.version == inspection.catalogue), form)
    flags: list[str] = []
    _capture(world, inspection, form, captured_at, flags)
    due = world.reply_due() if inspection.state == "closed" else None
    finding = Finding(
        id=command.id, inspection=inspection.id, unit=inspection.unit, code=code.code, catalogue=inspection.catalogue,
        severity=code.severity, count=form.count, captured_at=captured_at,
        photos=tuple(photo.model_dump() for photo in form.photos), filer=asked.caller.account, received_at=world.now,
    )  # fmt: skip
    if due is not None and code.severity in case.SCORED:
        finding.begin(Kind.REPLY, due, world.told_at, finding.id)
    world[Findings].known[finding.id] = finding
    world[Findings].new.append(finding)
    if due is not None and code.severity in case.SCORED and inspection.acknowledged:
        inspection.acknowledged = False  # a finding that joins the alert opens it again
        world[Inspections].changed[inspection.id] = inspection
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=inspection.unit,
        type="kycuong.finding.recorded.v1", subject=f"finding/{finding.id}",
        data={
            "finding": finding.id, "inspection": inspection.id, "code": code.code, "catalogue": inspection.catalogue,
            "severity": code.severity, "count": form.count, "captured_at": str(form.captured_at),
            "photos": len(finding.photos), "flags": flags, **phone_clock(form),
            **({"reply_due": rfc3339(due)} if due else {}),
        },
        state="recorded", flags=flags, private=True, extra={"inspection": inspection.id},
    )  # fmt: skip


def _newest_with(world: World, code: str) -> Catalogue:
    """The newest version that has a code: a phone may file by an earlier one for an inspection opened under it."""
    return next((one for one in reversed(world.catalogues) if code in one.codes), world.catalogues[-1])


def _check_code(catalogue: Catalogue, form: RecordFinding | CorrectFinding) -> Code:
    code = catalogue.codes.get(form.code)
    if code is None:
        raise invalid("/code", "không có mã này trong danh mục", "the catalogue has no such code")
    if code.code in COMMENDATIONS:
        raise invalid("/code", "K01–K03 chỉ ghi bằng phiếu biểu dương", "K01–K03 come only as commendations")
    if code.severity == case.LIGHT and form.private.persons:
        raise invalid(
            "/private/persons",
            "mức 1 chỉ ghi số lượng, không ghi người; hãy bỏ trường này",
            "severity 1 is counted only, without persons; remove this field",
        )
    return code


def _capture(
    world: World, inspection: Inspection, form: RecordFinding | CorrectFinding, captured_at: datetime, flags: list[str]
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
    require_told(world, asked.caller, inspection.unit, kept=finding.kept)
    grant = filing_grant(asked, inspection, asked.caller.account == finding.filer)
    refuse_foreign(asked.known)
    state = next_state(finding, case.Command.WITHDRAWAL)
    leads = first_of(reaching(world, asked.grants, inspection.unit), Role.LEAD)
    if leads is None and world.now > finding.received_at + FILER_MAY_WITHDRAW:
        raise WithdrawalTooLate
    finding.state = state
    finding.end()
    return accepted_about(asked, finding, inspection, (leads or grant).role, "withdrawn", {})


def correct(asked: Asked) -> Accepted:
    """Put a finding right that nobody has decided: the filer within 24 hours, a lead at any time.

    What was already replied to or left unanswered is another allegation now: the unit may reply anew.
    """
    world, form = asked.world, cast(CorrectFinding, asked.command.form)
    finding = known_finding(world, asked.command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    require_told(world, asked.caller, inspection.unit, kept=finding.kept)
    grant = filing_grant(asked, inspection, asked.caller.account == finding.filer)
    refuse_foreign(asked.known)
    state = next_state(finding, case.Command.CORRECTION)
    leads = first_of(reaching(world, asked.grants, inspection.unit), Role.LEAD)
    if leads is None and world.now > finding.received_at + FILER_MAY_WITHDRAW:
        raise CorrectionTooLate
    catalogue = next(one for one in world.catalogues if one.version == finding.catalogue)
    code, captured_at, flags = _check_code(catalogue, form), moment(form.captured_at), list[str]()
    _check_class(finding, code)
    _capture(world, inspection, form, captured_at, flags)
    due = _told_anew(finding, inspection, world)
    finding.code, finding.severity, finding.count, finding.captured_at = (
        code.code, code.severity, form.count, captured_at,
    )  # fmt: skip
    finding.correct(state, due, world.told_at, asked.command.id)
    told = {
        "code": code.code, "catalogue": catalogue.version, "severity": code.severity, "count": form.count,
        "captured_at": str(form.captured_at), "flags": flags, **phone_clock(form),
        **({"reply_due": rfc3339(due)} if due else {}),
    }  # fmt: skip
    return accepted_about(asked, finding, inspection, (leads or grant).role, "corrected", told, flags=flags)


def _check_class(finding: Finding, code: Code) -> None:
    """A correction makes no allegation of an observation, nor keeps from the unit what it was told, nor the reverse."""
    if case.kind_of(code.severity) != case.kind_of(finding.severity):
        raise invalid(
            "/code",
            "phải cùng nhóm mức độ với mã cũ (0, 1–3 hoặc 4); nếu khác, hãy rút lại rồi ghi nhận mới",
            "must be of the same class of severity (0, 1–3 or 4); else withdraw the finding and record another",
        )


def _told_anew(finding: Finding, inspection: Inspection, world: World) -> datetime | None:
    """Until when the unit may reply to what it had answered, or left unanswered, before."""
    answered = finding.state != case.State.RECORDED and not finding.kept
    return world.reply_due() if answered and inspection.state == "closed" else None


def next_state(finding: Finding, command: case.Command) -> case.State:
    """Where a command takes a finding; the refusal that the table of a case has, where it takes it nowhere."""
    match case.step(finding.severity, finding.state, command, finding.released):
        case case.State() as state:
            return state
        case case.Refusal.WINDOW_OPEN:
            raise ReplyWindowOpen
        case case.Refusal.NO_CASE:
            raise WrongState(_NO_CASE)
        case case.Refusal.NOT_KEPT:
            raise WrongState(_NOT_KEPT)
        case case.Refusal.UNTOLD:
            raise NotFound
        case case.Refusal.STANDS:
            raise WrongState(_DONE[case.State(finding.state)])
        case case.Refusal.UNKNOWN:
            named = finding.state
            raise WrongState((
                f"Ghi nhận ở trạng thái {named}, phiên bản này chưa biết.",
                f"The finding is in state {named}, which this version does not know.",
            ))  # fmt: skip


def accepted_about(
    asked: Asked, finding: Finding, inspection: Inspection, role: Role, state: str, data: Mapping[str, Any],
    family: str = "finding", *, flags: list[str] | None = None,
) -> Accepted:  # fmt: skip
    """An accepted write about a finding, under the state's own event; a further step of its case."""
    world, kind, account = asked.world, f"{family}.{state}", asked.caller.account
    before = passed_before(finding, world)
    finding.steps.append(Step(asked.command.id, kind, role.value, world.now, account))
    world[Findings].changed[finding.id] = finding
    return Accepted(
        account=account, role=role, quarter=inspection.quarter, unit=finding.unit,
        type=f"kycuong.{kind}.v1", subject=f"finding/{finding.id}",
        data={"finding": finding.id, "inspection": inspection.id, **data},
        state=state, flags=flags or [], private=True, extra={"finding": finding.id, "inspection": inspection.id},
        before=before,
    )  # fmt: skip


def touch_recorded(needs: Needs, command: Command) -> None:
    """Need the inspection that a new finding is of."""
    needs.of(Inspections)[cast(RecordFinding, command.form).inspection] = None
