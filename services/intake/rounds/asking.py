"""What an inspection asks of the rounds: whether it is one that was assigned, and whether its people may go. Pure."""

from collections.abc import Iterable
from datetime import date

from services.intake.rounds.rules import refuse_conflicts
from services.intake.rounds.state import Assignments
from services.intake.writing.commands import Asked
from services.intake.writing.needs import Needs
from services.kernel.envelope import NO_UNIT
from services.kernel.problems import Problem, invalid

OFF_PLAN = "off_plan"


def refuse_partial(asked: Asked, unit: str, team: Iterable[str]) -> None:
    """ConflictOfInterest for whoever of an opening's people is or lately was head at, above or below the unit."""
    world, caller = asked.world, asked.caller
    world.people = {**world.people, caller.account: caller}
    people = [("/unit", caller.account), *((f"/team/{place}", one) for place, one in enumerate(team))]
    refuse_conflicts(world, unit, people)


def check_assignment(asked: Asked, assignment: str, unit: str, day: date) -> list[str]:
    """The flags of an inspection opened for an assignment; a 422 when it is none of this unit's and caller's."""
    world = asked.world
    known = world[Assignments].known.get(assignment)
    if known is None or not known.names(asked.caller.account):
        raise _none("không có phân công này cho bạn", "you have no such assignment")
    if not known.open:
        raise _none("đợt kiểm tra của phân công này đã kết thúc", "the round of this assignment is over")
    if unit not in (known.unit, world.directory.answering(known.unit, day)):
        raise _none("phân công này là cho đơn vị khác", "this assignment is for another unit")
    return [] if known.first <= day <= known.last else [OFF_PLAN]


def _none(vietnamese: str, english: str) -> Problem:
    return invalid("/assignment", vietnamese, english)


def touch(needs: Needs, team: Iterable[str], assignment: str | None) -> None:
    """Need the appointments of a team, and an assignment; its round is neither closed nor replaced meanwhile."""
    needs.people.update(team)
    if assignment is not None:
        needs.of(Assignments)[assignment] = None
        needs.units.add(NO_UNIT)
