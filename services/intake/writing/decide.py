"""Deciding one write: who it is of, whether it was accepted before, and else by its noun's rule. Pure.

Each rule raises the first refusal that applies in the contract's order, and changes the working state only once nothing
can refuse any more.
"""

import json

from services.intake.writing.accepted import Accepted, Replay
from services.intake.writing.commands import Asked, Command
from services.intake.writing.refusals import forged
from services.intake.writing.repeats import repeat
from services.intake.writing.rights import Grants, grants_at, grants_of_roles, reaching
from services.intake.writing.world import Known, World, is_lost
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.callers import Caller, ReadsPublished
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, Invalid, Unauthorized

CARRIERS = frozenset({Role.INSPECTOR, Role.LEAD})


def decide(world: World, command: Command) -> Accepted | Replay:
    """Decide one write against the working state, and change that state; a Problem says why not."""
    caller = author_of(world, command)
    known = world.known.get(command.id)
    if known is not None and known.account == caller.account:
        return command.noun.repeat(world, known, command) if command.noun.repeat else repeat(known, command)
    grants = grants_of_roles(caller, command.noun.roles, world.rights_at)
    if command.errors:
        raise Invalid(errors=command.errors)
    if known is not None and known.from_log and is_lost(known.account):
        return _recall(world, command, grants, known)
    accepted = command.noun.rule(Asked(world, command, caller, grants, known))
    if isinstance(accepted, Replay):
        return accepted
    parts = command.form.private_parts() if command.form else {}
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
    if caller.reads is not None:
        raise ReadsPublished  # not even the answer to what its account wrote before
    if command.handed_over and command.noun.author is not None:
        author = command.noun.author(world, command)
        return world.authors[author] if author else caller
    signer = command.signer
    if signer is None or signer == caller.account:
        if command.handed_over and not command.verified:
            raise forged()
        return caller
    if not command.verified:
        raise forged()
    if not caller.roles(world.rights_at) & CARRIERS:
        raise Forbidden
    return world.authors[signer]
