"""The rules of a round: planned, its beacon told, units assigned, closed. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from services.domain import draw
from services.domain.conflict import conflicts
from services.intake.rounds.forms import Assign, GiveBeacon, PlanRound
from services.intake.rounds.state import Assignment, Assignments, Plans, Round, Rounds
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import unknown_unit, whole_province
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import ConflictOfInterest, Overlaps, PublicLog, TooEarly, WrongState
from services.intake.writing.world import World
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.callers import Grant
from services.kernel.identity.roles import MATRIX, Action
from services.kernel.problems import FieldError, Forbidden, Invalid, NotFound, first_errors, invalid
from services.kernel.quarters import local_date, quarter_of


def plan(asked: Asked) -> Accepted:
    """Plan a round: the candidates are those of the directory as it stands before it."""
    world, form = asked.world, cast(PlanRound, asked.command.form)
    _refuse(_unknown_units(world, form))
    grant = _planner(asked)
    refuse_foreign(asked.known)
    body = form.told()
    found = draw.planned_candidates(world.directory, body)
    _refuse(_not_possible(world, form, found))
    _require_apart(world, form)
    if form.kind == "unannounced" and world[Rounds].public_log:
        raise PublicLog
    told = {"round": asked.command.id, **body, "candidates": draw.listed(body["strata"], found)}
    _add(asked, form, body["strata"], found)
    return _accepted(asked, grant, "planned", date.fromisoformat(form.from_), told, barrier=True)


def _add(asked: Asked, form: PlanRound, strata: Sequence[Mapping[str, Any]], found: list[list[str]]) -> None:
    world, replaces = asked.world, form.replaces
    made = Round(
        id=asked.command.id, kind=form.kind, first=date.fromisoformat(form.from_), last=date.fromisoformat(form.to),
        strata=strata, chosen={one.unit: one.selection for one in form.chosen},
        beacon=form.beacon.model_dump() if form.beacon else None, planner=asked.caller.account,
    )  # fmt: skip
    add_round(world, made, form.basis, list(form.exclude), replaces, found, world.now)


def add_round(
    world: World, made: Round, basis: str, exclude: Sequence[str], replaces: str | None, found: list[list[str]],
    received_at: datetime,
) -> None:  # fmt: skip
    """Take a planned round into the working state; unit changes after it are to follow it into the log."""
    world.plan_waits = True
    world[Rounds].known[made.id] = made
    row = {"basis": basis, "exclude": exclude, "replaces": replaces, "candidates": found}
    world[Rounds].new.append((made, row | {"received_at": received_at}))
    if replaces in world[Rounds].known:
        _end(world, world[Rounds].known[replaces], "replaced")


def _end(world: World, ended: Round, state: str) -> None:
    ended.state = state
    world[Rounds].changed[ended.id] = ended


def _unknown_units(world: World, form: PlanRound) -> Iterator[FieldError]:
    for place, unit in enumerate(form.exclude):
        yield from unknown_unit(world, f"/exclude/{place}", unit)
    for place, one in enumerate(form.chosen):
        yield from unknown_unit(world, f"/chosen/{place}/unit", one.unit)


def _not_possible(world: World, form: PlanRound, found: list[list[str]]) -> Iterator[FieldError]:
    """What the directory, the other rounds and the calendar leave no room for."""
    day = date.fromisoformat(form.from_)
    for place, one in enumerate(form.chosen):
        if world.directory.version(one.unit, day) is None:
            yield FieldError(
                f"/chosen/{place}/unit", f"đơn vị không hoạt động vào ngày {day:%d/%m/%Y}", f"is not valid on {day}"
            )
    for place, (stratum, group) in enumerate(zip(form.strata, found, strict=True)):
        if stratum.size > len(group):
            yield FieldError(
                f"/strata/{place}/size", f"chỉ có {len(group)} đơn vị để chọn",
                f"there are only {len(group)} units to draw from",
            )  # fmt: skip
    if form.beacon and date.fromisoformat(form.beacon.date) <= local_date(world.now):
        yield FieldError("/beacon/date", "phải sau ngày hôm nay", "must be later than today")
    if form.replaces is not None and form.replaces not in world[Rounds].known:
        yield FieldError("/replaces", "không có đợt này", "there is no such round")


def _require_apart(world: World, form: PlanRound) -> None:
    """No other open round draws from one of the groups at the time, but the one that this replaces."""
    if form.replaces is not None and world[Rounds].known[form.replaces].state != "open":
        raise WrongState(("Đợt được thay đã kết thúc.", "The round to be replaced is over already."))
    days = date.fromisoformat(form.from_), date.fromisoformat(form.to)
    groups: set[str] = {stratum.group for stratum in form.strata}
    for other in world[Rounds].known.values():
        if other.state == "open" and other.id != form.replaces and other.overlaps(*days, groups):
            raise Overlaps((
                f"Đợt {other.id} cũng chọn từ nhóm này trong thời gian đó; hãy nêu đợt đó ở replaces, hoặc đổi ngày.",
                f"Round {other.id} draws from this group at that time; name it in `replaces`, or choose other days.",
            ))  # fmt: skip


def give_beacon(asked: Asked) -> Accepted:
    """Tell what the beacon said: once, from its day on, and not by whoever planned the round."""
    world, form = asked.world, cast(GiveBeacon, asked.command.form)
    about, grant = _round(asked), _planner(asked)
    if asked.caller.account == about.planner:
        raise Forbidden((
            "Người lập kế hoạch không tự ghi kết quả; hãy để người phụ trách khác ghi.",
            "Whoever planned the round does not tell its beacon; let another planner do it.",
        ))  # fmt: skip
    refuse_foreign(asked.known)
    _require_open(about)
    if about.beacon is None or about.value is not None:
        raise WrongState((
            "Đợt này không chờ kết quả nào: không hẹn trước, hoặc đã ghi rồi.",
            "This round waits for no beacon: it has none, or it is told already.",
        ))  # fmt: skip
    _require_beacon_day(world, date.fromisoformat(about.beacon["date"]))
    if re.fullmatch(about.beacon["pattern"], form.value) is None:
        raise invalid(
            "/value", f"không theo mẫu {about.beacon['pattern']}", f"is not as {about.beacon['pattern']} says"
        )
    about.value, about.told_at = form.value, world.now
    world[Rounds].changed[about.id] = about
    return _accepted(asked, grant, "beacon", about.first, {"round": about.id, "value": form.value})


def _require_beacon_day(world: World, day: date) -> None:
    if local_date(world.now) < day:
        raise TooEarly((
            f"Kết quả hẹn vào ngày {day:%d/%m/%Y}; từ ngày đó mới ghi được.",
            f"The beacon is due on {day.isoformat()}; it can be told from that day on.",
        ))  # fmt: skip


def assign(asked: Asked) -> Accepted:
    """Say who inspects a drawn or chosen unit, and when; nobody with a conflict of interest."""
    world, form = asked.world, cast(Assign, asked.command.form)
    people = [("/opener", form.opener), *((f"/team/{place}", one) for place, one in enumerate(form.team))]
    _refuse([*unknown_unit(world, "/unit", form.unit), *_unknown_accounts(world, people)])
    about, grant = _round(asked), _planner(asked)
    refuse_foreign(asked.known)
    _require_open(about)
    _require_of_round(world, about, form.unit)
    _refuse(_not_covering(world, form.unit, people))
    refuse_conflicts(world, form.unit, people)
    team = tuple(dict.fromkeys((form.opener, *form.team)))
    made = Assignment(
        id=asked.command.id, round=about.id, unit=form.unit, opener=form.opener, team=team,
        first=date.fromisoformat(form.from_), last=date.fromisoformat(form.to),
    )  # fmt: skip
    world[Assignments].known[made.id] = made
    world[Assignments].new.append((made, world.now))
    told = {"round": about.id, **form.told(), "members": len(team)}
    return _accepted(asked, grant, "assigned", about.first, told)


def _unknown_accounts(world: World, people: Sequence[tuple[str, str]]) -> list[FieldError]:
    return [
        FieldError(pointer, "không có tài khoản này", "there is no such account")
        for pointer, account in people
        if account not in world.accounts
    ]


def _require_of_round(world: World, about: Round, unit: str) -> None:
    """The unit was drawn or chosen, or answers for one that was and has ended."""
    day, named = local_date(world.now), about.selections()
    if unit in named or unit in {world.directory.answering(one, day) for one in named}:
        return
    if about.drawn is None:
        raise WrongState(("Đợt này chưa rút thăm.", "The round is not drawn yet."))
    raise invalid("/unit", "không được rút thăm hay chọn trong đợt này", "was neither drawn nor chosen in this round")


def _not_covering(world: World, unit: str, people: Sequence[tuple[str, str]]) -> Iterator[FieldError]:
    scope, filing = world.scope(unit), MATRIX[Action.FILE]
    for pointer, account in people:
        grants = world.people[account].current(world.rights_at)
        if not any(grant.role in filing and grant.covers(scope) for grant in grants):
            yield FieldError(
                pointer, "không phải thành viên đoàn hay trưởng đoàn của đơn vị này",
                "is no inspector or lead whose scope covers the unit",
            )  # fmt: skip


def refuse_conflicts(world: World, unit: str, people: Sequence[tuple[str, str]]) -> None:
    """ConflictOfInterest, naming those (pointer, account) who are or lately were head at, above or below a unit."""
    errors = [
        FieldError(
            pointer, "là hoặc trong 24 tháng qua từng là người đứng đầu đơn vị này, đơn vị cấp trên hay trực thuộc",
            "is, or in the last 24 months was, head of this unit, of one above or one below it",
        )
        for pointer, account in people
        if account in world.people
        and conflicts(world.people[account].posts, unit, world.directory, world.rights_at)
    ]  # fmt: skip
    if errors:
        raise ConflictOfInterest(errors=first_errors(errors))


def close_round(asked: Asked) -> Accepted:
    """End a round: nothing more is drawn, told or assigned in it."""
    about, grant = _round(asked), _planner(asked)
    refuse_foreign(asked.known)
    _require_open(about)
    _end(asked.world, about, "closed")
    return _accepted(asked, grant, "closed", about.first, {"round": about.id}, private=True)


def _accepted(
    asked: Asked, grant: Grant, verb: str, first: date, told: Mapping[str, Any], *,
    barrier: bool = False, private: bool = False,
) -> Accepted:  # fmt: skip
    extra = {"round": told["round"]} | {name: told[name] for name in ("candidates", "members") if name in told}
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(first), unit=NO_UNIT,
        type=f"kycuong.round.{verb}.v1", subject=f"round/{told['round']}", data=told, state=verb, extra=extra,
        barrier=barrier, private=private,
    )  # fmt: skip


def _planner(asked: Asked) -> Grant:
    """The province-wide appointment of somebody who heads no unit."""
    grant = whole_province(
        asked,
        ("Chỉ người phụ trách toàn tỉnh mới làm việc này.", "Only a lead or reviewer of the province may do this."),
    )
    if any(post.valid_at(asked.world.rights_at) for post in asked.caller.posts):
        raise Forbidden((
            "Người đang đứng đầu một đơn vị không lập và không phân công đợt kiểm tra.",
            "Whoever heads a unit neither plans nor assigns inspections.",
        ))  # fmt: skip
    return grant


def _round(asked: Asked) -> Round:
    known = asked.world[Rounds].known
    if asked.command.parent not in known:
        raise NotFound
    return known[asked.command.parent]


def _require_open(about: Round) -> None:
    if about.state == "replaced":
        raise WrongState(("Đợt này đã được thay bằng đợt khác.", "Another round has replaced this one."))
    if about.state != "open":
        raise WrongState(("Đợt này đã kết thúc.", "This round is closed."))


def _refuse(errors: Iterator[FieldError] | list[FieldError]) -> None:
    found = list(errors)
    if found:
        raise Invalid(errors=first_errors(found))


def touch_plan(needs: Needs, command: Command) -> None:
    """Hold the directory, and need every open round and the one that is replaced."""
    form = cast(PlanRound, command.form)
    needs.units.add(NO_UNIT)
    needs.tree = True
    needs.of(Plans)[command.id] = None
    if form.replaces is not None:
        needs.of(Rounds)[form.replaces] = None


def touch(needs: Needs, command: Command) -> None:
    """Need the round that a write's path names, and the people of an assignment."""
    needs.units.add(NO_UNIT)
    needs.of(Rounds)[command.parent] = None
    if isinstance(command.form, Assign):
        people = {command.form.opener, *command.form.team}
        needs.accounts |= people
        needs.people |= people
