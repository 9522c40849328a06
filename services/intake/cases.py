"""The rules of a case: who may write what, in the contract's order of refusals, and what follows. Pure.

Each rule raises the first refusal that applies, and changes the working state only once nothing can refuse any more.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.intake import calendars, department, devices, erasures, findings, forms, inspections, photos, units
from services.intake.accepted import Accepted, Replay
from services.intake.asked import Asked
from services.intake.commands import Command
from services.intake.rights import grants_of_roles
from services.intake.world import Known, World
from services.kernel.callers import Caller
from services.kernel.envelope import canonical
from services.kernel.problems import Forbidden, IdReused, Invalid, Unauthorized
from services.kernel.roles import Role

CARRIERS = frozenset({Role.INSPECTOR, Role.LEAD})


def decide(world: World, command: Command) -> Accepted | Replay:
    """Decide one write against the working state, and change that state; a Problem says why not."""
    caller = author_of(world, command)
    known = world.known.get(command.id)
    if known is not None and known.account == caller.account:
        return photos.repeat(world, known, command) if command.photo else _repeat(known, command)
    grants = grants_of_roles(caller, command.noun.roles, world.rights_at)
    if command.errors:
        raise Invalid(errors=command.errors)
    asked = Asked(world, command, caller, grants, known)
    accepted = _RULES[command.noun.name](asked)
    if isinstance(accepted, Replay):
        return accepted
    parts = private_parts(command.form)
    accepted.parts = parts
    world.known[command.id] = Known(caller.account, command.content, b"", parts)
    return accepted


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


def _repeat(known: Known, command: Command) -> Replay:
    offered = private_parts(command.form)
    # of an erased part only that there was one can still be compared: no answer tells a right guess from a wrong one
    there = known.erased <= offered.keys()
    readable = {group: content for group, content in offered.items() if group not in known.erased}
    if known.content != command.content or not there or known.parts != readable:
        raise IdReused
    return Replay(known.answer)


def private_parts(form: forms.Form | None) -> dict[str, bytes]:
    """The private groups of a body with the bytes that are sealed and committed to."""
    parts: dict[str, bytes] = {}
    private = getattr(form, "private", None)
    for name in private.model_fields_set if private is not None else ():
        value = _plain(getattr(private, name))
        if value not in ([], {}):
            parts[name] = value.encode() if isinstance(value, str) else canonical(value)
    for number, photo in enumerate(getattr(form, "photos", ()), start=1):
        parts[f"photo.{number}"] = bytes.fromhex(photo.sha256)
    return parts


def _plain(value: Any) -> Any:
    """A private group as JSON has it, with nothing added to what was sent."""
    if isinstance(value, forms.Form):
        return value.model_dump(exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value


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
