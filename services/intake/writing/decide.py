"""The rules of a case: who may write what, in the contract's order of refusals, and what follows. Pure.

Each rule raises the first refusal that applies, and changes the working state only once nothing can refuse any more.
"""

import json
from collections.abc import Callable, Mapping

from services.intake.calendars import rules as calendars
from services.intake.directory import rules as units
from services.intake.erasures import rules as erasures
from services.intake.evidence import rules as photos
from services.intake.findings import rules as findings
from services.intake.inspections import rules as inspections
from services.intake.phones import rules as devices
from services.intake.quarters import rules as department
from services.intake.writing.accepted import Accepted, Replay
from services.intake.writing.asked import Asked
from services.intake.writing.commands import Command
from services.intake.writing.repeats import private_parts, repeat
from services.intake.writing.rights import Grants, grants_at, grants_of_roles, reaching
from services.intake.writing.world import Known, World, is_lost
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, Invalid, Unauthorized

CARRIERS = frozenset({Role.INSPECTOR, Role.LEAD})


def decide(world: World, command: Command) -> Accepted | Replay:
    """Decide one write against the working state, and change that state; a Problem says why not."""
    caller = author_of(world, command)
    known = world.known.get(command.id)
    if known is not None and known.account == caller.account:
        return photos.repeat(world, known, command) if command.photo else repeat(known, command)
    grants = grants_of_roles(caller, command.noun.roles, world.rights_at)
    if command.errors:
        raise Invalid(errors=command.errors)
    if known is not None and known.from_log and is_lost(known.account):
        return _recall(world, command, grants, known)
    asked = Asked(world, command, caller, grants, known)
    accepted = _RULES[command.noun.name](asked)
    if isinstance(accepted, Replay):
        return accepted
    parts = private_parts(command.form)
    accepted.parts = parts
    world.known[command.id] = Known(caller.account, command.content, b"", parts)
    return accepted


def _recall(world: World, command: Command, grants: Grants, known: Known) -> Replay:
    """A write of somebody whom nobody knows any more: whoever may write it and says the same gets its answer."""
    unit = str(json.loads(known.answer)["unit"])
    if unit != NO_UNIT:
        reaching(world, grants_at(grants, world.rights_at), unit)
    return repeat(known, command)


def author_of(world: World, command: Command) -> Caller:
    """Who a write is of: its signer, whoever carries it, or else the caller; Unauthorized, or why it cannot be told."""
    caller = world.callers.get(command.token)
    if caller is None:
        raise Unauthorized
    if command.photo is not None and command.handed_over:  # the signed manifest names it
        finding = world.findings.get(command.parent)
        return world.authors[finding.filer] if finding else caller
    signer = command.signer
    if signer is None or signer == caller.account:
        if command.handed_over and not command.verified:
            raise devices.forged()
        return caller
    if not command.verified:
        raise devices.forged()
    if not caller.roles(world.rights_at) & CARRIERS:
        raise Forbidden
    return world.authors[signer]


_RULES: Mapping[str, Callable[[Asked], Accepted | Replay]] = {
    "unit-changes": units.change,
    "inspections": inspections.open_inspection,
    "inspections/closing": inspections.close_inspection,
    "inspections/acknowledgement": inspections.acknowledge,
    "findings": findings.record,
    "findings/withdrawal": findings.withdraw,
    "findings/reply": findings.reply,
    "findings/decision": findings.decide,
    "findings/photos": photos.keep,
    "commendations": department.commend,
    "quarters/closing": department.close_quarter,
    "quarters/publication": department.publish_quarter,
    "calendars": calendars.publish,
    "erasures": erasures.request,
    "erasures/approval": erasures.approve,
    "erasures/refusal": erasures.refuse,
    "devices": devices.register,
    "log-keys": department.add_log_key,
}
