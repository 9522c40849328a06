"""The rules of putting right what a finding showed: planned, reported, verified. Pure."""

from datetime import date
from typing import cast

from services.domain.deadlines import Kind
from services.domain.remedy import Command
from services.intake.cases import moves
from services.intake.cases.asking import answered, judged, next_remedy
from services.intake.cases.forms import PlanRemedy, ReportRemedy, VerifyRemedy
from services.intake.findings.rules import accepted_about
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import AHEAD
from services.intake.writing.commands import Asked
from services.kernel.problems import invalid
from services.kernel.quarters import local_date, rfc3339


def plan(asked: Asked) -> Accepted:
    """Say what will be put right and by when, or that it cannot be; a later plan replaces it."""
    form = cast(PlanRemedy, asked.command.form)
    finding, inspection, grant = answered(asked)
    state = next_remedy(finding, Command.PLAN if form.feasible else Command.DECLINE)
    clock = finding.clock(Kind.REMEDY)
    if form.feasible and clock is not None and date.fromisoformat(form.due) > local_date(clock.due):
        last = local_date(clock.due)
        raise invalid(
            "/due",
            f"không được muộn hơn hạn khắc phục, ngày {last:%d/%m/%Y}; cần thêm thời gian thì đề nghị gia hạn",
            f"must not be later than the remedy's deadline, {last.isoformat()}; if it needs longer, ask for that",
        )
    finding.remedy = state
    told = {"feasible": form.feasible} | ({"due": form.due} if form.feasible else {})
    return accepted_about(asked, finding, inspection, grant.role, "planned", told, "remedy")


def report(asked: Asked) -> Accepted:
    """Say that it is put right; whether that is in time, the server's receipt decides."""
    form, world = cast(ReportRemedy, asked.command.form), asked.world
    finding, inspection, grant = answered(asked)
    state = next_remedy(finding, Command.REPORT)
    if date.fromisoformat(form.done_on) > local_date(world.now + AHEAD):
        raise invalid("/done_on", "là ngày chưa tới", "is still to come")
    in_time = moves.report(finding, state, world.now)
    told = {"done_on": form.done_on, "in_time": in_time}
    return accepted_about(asked, finding, inspection, grant.role, "reported", told, "remedy")


def verify(asked: Asked) -> Accepted:
    """Say whether it is put right; a first refusal opens a second and last deadline."""
    form, world = cast(VerifyRemedy, asked.command.form), asked.world
    finding, inspection, grant = judged(asked)
    refuse_foreign(asked.known)
    if form.outcome == "verified":
        state = next_remedy(finding, Command.VERIFICATION)
        told = {"waived": True} if moves.verify(finding, state) else {}
        return accepted_about(asked, finding, inspection, grant.role, "verified", told, "remedy")
    state = next_remedy(finding, Command.REFUSAL)
    due = world.calendar.due(world.told_at, world.deadlines.second_remedy) if moves.has_another(finding) else None
    moves.refuse(finding, state, due, world.told_at, asked.command.id)
    refused = {"remedy_due": rfc3339(due)} if due else {}
    return accepted_about(asked, finding, inspection, grant.role, "refused", refused, "remedy")
