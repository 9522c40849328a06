"""The rules of links for persons concerned: a reviewer gives one for at most 30 days, and may end it. Pure."""

from datetime import date, timedelta
from typing import cast

from services.domain.case import State
from services.intake.concerned.forms import GiveLink
from services.intake.concerned.state import Link, Links
from services.intake.findings.asking import known_finding
from services.intake.findings.state import Finding, Findings
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at, reaching, require_told
from services.kernel.identity.callers import Grant
from services.kernel.problems import NotFound, invalid
from services.kernel.quarters import local_date, quarter_of

LONGEST = timedelta(days=30)
ADDRESS = "/intake/concerned/"
_OVER = (
    "Ghi nhận này đã được rút lại hoặc hủy cùng cuộc kiểm tra; không còn gì để hỏi người liên quan.",
    "This finding was withdrawn, or voided with its inspection; there is nothing left to ask the person concerned.",
)


def give(asked: Asked) -> Accepted:
    """Give a link, shown this once."""
    world, form = asked.world, cast(GiveLink, asked.command.form)
    finding, grant = _found(asked, asked.command.parent)
    refuse_foreign(asked.known)
    if finding.state in (State.WITHDRAWN, State.VOIDED):
        raise WrongState(_OVER)
    today, last = local_date(world.now), date.fromisoformat(form.expires)
    if not today <= last <= today + LONGEST:
        raise invalid("/expires", "phải từ hôm nay và trong vòng 30 ngày", "must be today or within 30 days")
    secret = world[Links].draw()
    world[Links].known[asked.command.id] = Link(id=asked.command.id, finding=finding.id, over=False)
    world[Links].new.append((asked.command.id, finding.id, secret, form.expires))
    accepted = _accepted(asked, finding, grant, "given", {"expires": form.expires})
    accepted.once = {"link": ADDRESS + secret}
    return accepted


def remove(asked: Asked) -> Accepted:
    """End a link."""
    about, _, named = asked.command.parent.partition("/")
    finding, grant = _found(asked, about)
    refuse_foreign(asked.known)
    link = asked.world[Links].known.get(named)
    if link is None or link.finding != finding.id:
        raise NotFound
    if link.over:
        raise WrongState(("Liên kết này đã hết hiệu lực.", "This link is over."))
    link.over = True
    asked.world[Links].removed.append(named)
    return _accepted(asked, finding, grant, "removed", {"person_link": named})


def _found(asked: Asked, id: str) -> tuple[Finding, Grant]:
    finding = known_finding(asked.world, id)
    grant = reaching(asked.world, grants_at(asked.grants, asked.world.rights_at), finding.unit)[0]
    require_told(asked.world, asked.caller, finding.unit, kept=finding.kept)
    return finding, grant


def _accepted(asked: Asked, finding: Finding, grant: Grant, state: str, extra: dict[str, str]) -> Accepted:
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(asked.world.now)),
        unit=finding.unit, type="", subject="", data={}, state=state, extra={"finding": finding.id, **extra},
    )  # fmt: skip


def touch(needs: Needs, command: Command) -> None:
    """Need the finding, and the link where the path names one."""
    finding, _, link = command.parent.partition("/")
    needs.of(Findings)[finding] = None
    if link:
        needs.of(Links)[link] = None
