"""Who speaks to a case and how it stands, as the rules of everything that follows a finding ask. Pure."""

from datetime import date

from services.domain import case, remedy
from services.domain.calendar import CalendarEnded
from services.domain.conflict import conflicts
from services.domain.deadlines import Deadline, Kind
from services.domain.words import REMEDIES
from services.intake.cases.state import Strangers
from services.intake.findings.asking import known_finding
from services.intake.findings.rules import next_state
from services.intake.findings.state import Finding, Findings
from services.intake.inspections.asking import answering_grant, known_inspection
from services.intake.inspections.state import Inspection
from services.intake.writing.accepted import refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at, reaching, require_told
from services.intake.writing.world import World, is_lost
from services.kernel.identity.callers import Grant
from services.kernel.problems import Forbidden, NotFound, invalid
from services.kernel.quarters import local_date

MOST_FURTHER_DAYS = 20  # working days that a deadline is put off by, at most


def answered(asked: Asked) -> tuple[Finding, Inspection, Grant]:
    """What a unit's own head speaks to, with the appointment to do so; refusals in the contract's order."""
    world = asked.world
    finding = known_finding(world, asked.command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    reaching(world, asked.grants, inspection.unit)
    if finding.kept:
        raise NotFound  # kept from the unit until the reviewer releases it
    grant = answering_grant(asked, inspection.unit)
    refuse_foreign(asked.known)
    return finding, inspection, grant


def judged(asked: Asked) -> tuple[Finding, Inspection, Grant]:
    """What somebody of the Department judges, and by which appointment; refusals in the contract's order."""
    world = asked.world
    finding = known_finding(world, asked.command.parent)
    inspection = known_inspection(world, finding.inspection)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), inspection.unit)[0]
    require_told(world, asked.caller, inspection.unit, kept=finding.kept)
    require_impartial(asked, inspection, finding)
    return finding, inspection, grant


def require_impartial(asked: Asked, inspection: Inspection, finding: Finding) -> None:
    """Forbidden to whoever is or was of the team, and to whom the conflict rule meets."""
    world, caller = asked.world, asked.caller
    if caller.account in (*inspection.ever, finding.filer):
        raise Forbidden((
            "Người trong đoàn kiểm tra không được kết luận.",
            "A member of the inspecting team may not decide.",
        ))  # fmt: skip
    if conflicts(caller.posts, inspection.unit, world.directory, world.now):
        raise Forbidden((
            "Anh/chị đang, hoặc trong 24 tháng qua, là người đứng đầu đơn vị này, đơn vị cấp trên hay cấp dưới của nó; "
            "hãy nhờ người khác.",
            "You are, or in the last 24 months were, head of this unit, of one above or below it; let somebody else "
            "do it.",
        ))  # fmt: skip
    _refuse_doubtful(world, caller.account, inspection, finding)


def _refuse_doubtful(world: World, account: str, inspection: Inspection, finding: Finding) -> None:
    """Of a team that was lost nobody decides who may have been in it."""
    lost = any(map(is_lost, (*inspection.ever, finding.filer)))
    if lost and (account, inspection.quarter) not in world[Strangers].apart:
        raise Forbidden((
            "Tên người trong đoàn kiểm tra đã mất khi khôi phục dữ liệu, nên chưa loại trừ được rằng anh/chị ở trong "
            "đoàn; hãy nhờ người thẩm định khác, hoặc quản trị xác nhận đoàn theo biên bản giấy.",
            "Who was in the team was lost in a restore, and it is not certain that you were not; let another reviewer "
            "decide, or the administrator confirm the team from the paper minutes.",
        ))  # fmt: skip


def running(world: World, finding: Finding, of: str) -> Deadline:
    """The deadline that runs; WrongState without one, or once it is past."""
    if of == Kind.REPLY:
        next_state(finding, case.Command.EXTENSION)
    else:
        next_remedy(finding, remedy.Command.EXTENSION)
    running = finding.running(Kind(of))
    if running is not None and world.now <= running.due:
        return running
    raise WrongState((
        "Không có thời hạn nào như vậy đang chạy: thời hạn chưa bắt đầu, hoặc đã hết.",
        "No such deadline is running: it has not begun, or is over.",
    ))  # fmt: skip


def check_until(world: World, deadline: Deadline, until: date) -> None:
    """A working day after the deadline, and at most 20 working days after the first one."""
    calendar, due, first = world.calendar, local_date(deadline.due), local_date(deadline.first_due)
    try:
        last = calendar.add_working_days(first, MOST_FURTHER_DAYS)
    except CalendarEnded:
        last = calendar.ends
    if not due < until <= last or not calendar.is_working(until):
        raise invalid(
            "/until",
            f"phải là ngày làm việc sau ngày {due:%d/%m/%Y} và không muộn hơn ngày {last:%d/%m/%Y}",
            f"must be a working day after {due.isoformat()}, and not later than {last.isoformat()}",
        )


def next_remedy(finding: Finding, command: remedy.Command) -> remedy.Remedy:
    """Where a command takes what is to be put right; WrongState, naming how that stands, where nowhere."""
    found = remedy.step(finding.remedy, command)
    if found is None:
        vi, en = REMEDIES.get(finding.remedy, (finding.remedy, finding.remedy))
        raise WrongState((f"Việc khắc phục đang ở trạng thái: {vi}.", f"The remedy stands at: {en}."))
    return found


def touch_judged(needs: Needs, command: Command) -> None:
    """Need the finding, and who was lost of its team."""
    needs.of(Findings)[command.parent] = None
    needs.of(Strangers)[command.parent] = None
