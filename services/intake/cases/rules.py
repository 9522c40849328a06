"""The rules of a case: replied to, more time asked for and given, decided, appealed, reopened, released. Pure."""

from datetime import date
from typing import cast

from services.domain import case
from services.domain.deadlines import Kind
from services.intake.cases import moves
from services.intake.cases.asking import answered, check_until, judged, running, touch_judged
from services.intake.cases.forms import AskForTime, DecideFinding, GiveTime, ReplyToFinding, SecondReview
from services.intake.cases.state import SecondReviews
from services.intake.findings.rules import accepted_about, next_state
from services.intake.findings.state import Finding
from services.intake.inspections.state import Inspections
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyRead, Incomplete, WrongState
from services.kernel.envelope import NO_UNIT
from services.kernel.problems import Forbidden, invalid
from services.kernel.quarters import rfc3339

_FAMILY = {"reply": "finding", "remedy": "remedy"}
_ANOTHER = (
    "Anh/chị đã kết luận ghi nhận này; lần này phải do người thẩm định khác.",
    "You have decided this finding before; this time another reviewer must.",
)


def reply(asked: Asked) -> Accepted:
    """Answer a finding for the unit, once in each window, until it is decided, withdrawn or lapsed."""
    form = cast(ReplyToFinding, asked.command.form)
    finding, inspection, grant = answered(asked)
    moves.reply(finding, next_state(finding, case.Command.REPLY), form.accepts, asked.world)
    return accepted_about(asked, finding, inspection, grant.role, "replied", {"accepts": form.accepts})


def ask_for_time(asked: Asked) -> Accepted:
    """Ask for a later deadline, while the present one still runs; it stands until a reviewer moves it."""
    form = cast(AskForTime, asked.command.form)
    finding, inspection, grant = answered(asked)
    check_until(asked.world, running(asked.world, finding, form.of), date.fromisoformat(form.until))
    told = {"of": form.of, "until": form.until}
    return accepted_about(asked, finding, inspection, grant.role, "extension_requested", told, _FAMILY[form.of])


def give_time(asked: Asked) -> Accepted:
    """Move the deadline that runs to the end of a later day, asked for or not."""
    form = cast(GiveTime, asked.command.form)
    finding, inspection, grant = judged(asked)
    refuse_foreign(asked.known)
    clock, until = running(asked.world, finding, form.of), date.fromisoformat(form.until)
    check_until(asked.world, clock, until)
    due = moves.extend(finding, Kind(form.of), until)
    told = {"until": form.until, f"{form.of}_due": rfc3339(due)}
    return accepted_about(asked, finding, inspection, grant.role, "extended", told, _FAMILY[form.of])


def decide(asked: Asked) -> Accepted:
    """Decide a finding: `upheld` only after a reply or a lapse, never by one of the team."""
    world, form = asked.world, cast(DecideFinding, asked.command.form)
    finding, inspection, grant = judged(asked)
    if finding.state in case.AGAIN and asked.caller.account in finding.deciders:
        raise Forbidden(_ANOTHER)
    refuse_foreign(asked.known)
    outcome = case.Outcome(form.outcome)
    check_outcome(finding, outcome)
    state = next_state(finding, case.deciding(outcome))
    if outcome is case.Outcome.UPHELD and finding.missing:
        raise Incomplete
    due = moves.decide(finding, state, outcome, asked.command.id, world)
    told = {"outcome": form.outcome} | ({"remedy_due": rfc3339(due)} if due else {})
    return accepted_about(asked, finding, inspection, grant.role, "decided", told)


def check_outcome(finding: Finding, outcome: case.Outcome) -> None:
    """Invalid when it is one that the finding's severity cannot have."""
    if outcome is case.Outcome.REFERRED and finding.severity in case.SCORED:
        raise invalid(
            "/outcome",
            "chỉ ghi nhận mức 4 mới chuyển cơ quan có thẩm quyền; hãy chọn kết quả khác",
            "only a finding of severity 4 is referred; choose another outcome",
        )


def appeal(asked: Asked) -> Accepted:
    """Ask that another reviewer decide again, once, within 10 working days of a decision that upholds."""
    world = asked.world
    finding, inspection, grant = answered(asked)
    state, last = next_state(finding, case.Command.APPEAL), finding.last("finding.decided")
    if finding.outcome != case.Outcome.UPHELD or finding.last("finding.appealed"):
        raise WrongState((
            "Chỉ đề nghị xem xét lại được kết luận xác nhận vi phạm, và một lần duy nhất.",
            "Only a decision that upholds may be appealed, and only once.",
        ))  # fmt: skip
    if last is None or world.now > world.calendar.over(last.at, world.deadlines_on(last.at).appeal):
        raise WrongState((
            "Thời hạn đề nghị xem xét lại kết luận đã hết.", "The time to appeal against the decision is over."
        ))  # fmt: skip
    finding.state = state
    finding.end()
    return accepted_about(asked, finding, inspection, grant.role, "appealed", {})


def reopen(asked: Asked) -> Accepted:
    """Have a decided finding decided again, by a reviewer who did not; who never replied may now."""
    world = asked.world
    finding, inspection, grant = judged(asked)
    if asked.caller.account in finding.deciders:
        raise Forbidden(_ANOTHER)
    refuse_foreign(asked.known)
    heard = finding.kept or finding.last("finding.replied") is not None
    state = next_state(finding, case.Command.REOPENING if heard else case.Command.HEARING)
    last = finding.last("finding.decided")
    if last is None or world.now > last.at + case.REOPENED_WITHIN:
        raise WrongState((
            "Kết luận đã quá một năm nên không mở lại được.", "The decision is over a year old: it is not reopened."
        ))  # fmt: skip
    due = None if heard else world.reply_due()
    moves.reopen(finding, state, due, world.told_at, asked.command.id)
    told = {"reply_due": rfc3339(due)} if due else {}
    return accepted_about(asked, finding, inspection, grant.role, "reopened", told)


def release(asked: Asked) -> Accepted:
    """Tell the unit of a finding of severity 4: it joins the alert, and its reply window begins."""
    world = asked.world
    finding, inspection, grant = judged(asked)
    refuse_foreign(asked.known)
    next_state(finding, case.Command.RELEASE)
    if inspection.state != "closed":
        raise WrongState(("Cuộc kiểm tra chưa kết thúc.", "The inspection is not closed yet."))
    due = world.reply_due()
    moves.release(finding, due, world.told_at, asked.command.id)
    inspection.acknowledged = False
    world[Inspections].changed[inspection.id] = inspection
    return accepted_about(asked, finding, inspection, grant.role, "released", {"reply_due": rfc3339(due)})


def second_review(asked: Asked) -> Accepted:
    """Say what one would have decided of a drawn finding whose decision one has not read; it changes no state."""
    world, form = asked.world, cast(SecondReview, asked.command.form)
    finding, inspection, grant = judged(asked)
    if asked.caller.account in finding.deciders:
        raise Forbidden(_ANOTHER)
    refuse_foreign(asked.known)
    check_outcome(finding, case.Outcome(form.outcome))
    next_state(finding, case.Command.SECOND_REVIEW)
    reviews = world[SecondReviews]
    if reviews.drawn.get(finding.id, "") is not None:
        raise WrongState((
            "Ghi nhận này không được rút để thẩm định lần hai, hoặc đã được thẩm định lần hai.",
            "This finding was not drawn for a second review, or has had it.",
        ))  # fmt: skip
    if (finding.id, asked.caller.account) in reviews.read:
        raise AlreadyRead
    reviews.drawn[finding.id] = reviews.done[finding.id] = asked.command.id
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=NO_UNIT,
        type="kycuong.finding.second_reviewed.v1", subject=f"finding/{finding.id}",
        data={"finding": finding.id, "inspection": inspection.id, "outcome": form.outcome},
        state="second_reviewed", private=True, extra={"finding": finding.id, "inspection": inspection.id},
    )  # fmt: skip


def touch_second_review(needs: Needs, command: Command) -> None:
    """Need the finding, whether it was drawn, and who has read it; the event is of no unit."""
    touch_judged(needs, command)
    needs.units.add(NO_UNIT)
    needs.of(SecondReviews)[command.parent] = None
