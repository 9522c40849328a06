"""The rules of unit changes: registering, amending, closing, succession. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast

from services.domain.units import Heir, Version
from services.intake.directory.forms import AmendUnit, CloseUnit, RegisterUnit, SucceedUnits
from services.intake.directory.state import Units
from services.intake.writing.accepted import Accepted, Further, refuse_foreign
from services.intake.writing.asked import unknown_unit
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyRegistered, WrongState
from services.intake.writing.rights import Grants, grants_at
from services.intake.writing.world import World
from services.kernel.identity.callers import Grant
from services.kernel.problems import FieldError, Invalid, NotFound, invalid
from services.kernel.quarters import local_date, quarter_of

_DAY = timedelta(days=1)


def change(asked: Asked) -> Accepted:
    """Decide a unit change and apply it to the working directory."""
    world, command = asked.world, asked.command
    form = command.form
    errors = _unknown(world, form)
    if errors:
        raise Invalid(errors=errors)
    grant = _admin(world, grants_at(asked.grants, world.rights_at), form)
    refuse_foreign(asked.known)
    accepted = _apply(world, command, form)
    accepted.account, accepted.role = asked.caller.account, grant.role
    accepted.quarter = quarter_of(local_date(world.now))
    accepted.barrier = world.plan_waits
    return accepted


def _unknown(world: World, form: Any) -> list[FieldError]:
    named: list[tuple[str, str]] = []
    if isinstance(form, SucceedUnits):
        named += [(f"/from/{place}", unit) for place, unit in enumerate(form.from_)]
        named += [(f"/to/{place}", unit) for place, unit in enumerate(form.to)]
    elif not isinstance(form, RegisterUnit):
        named.append(("/unit", form.unit))
    if getattr(form, "parent", None) is not None:
        named.append(("/parent", form.parent))
    errors = [error for pointer, unit in named for error in unknown_unit(world, pointer, unit)]
    return errors + (_succession_faults(form) if isinstance(form, SucceedUnits) else [])


def _succession_faults(form: SucceedUnits) -> list[FieldError]:
    errors = []
    for name, listed in (("from", form.from_), ("to", form.to)):
        if len(set(listed)) != len(listed):
            errors.append(FieldError(f"/{name}", "có đơn vị lặp lại", "names a unit twice"))
    errors += _own_successors(form)
    if form.kind in ("merge", "rename") and len(form.to) != 1:
        errors.append(FieldError("/to", "phải có đúng một đơn vị", "must name exactly one unit"))
    if form.kind in ("split", "rename") and len(form.from_) != 1:
        errors.append(FieldError("/from", "phải có đúng một đơn vị", "must name exactly one unit"))
    if "cases_to" not in form.model_fields_set:
        if form.kind == "split" or len(form.to) > 1:
            errors.append(FieldError(
                "/cases_to", "hãy nêu đơn vị tiếp nhận hồ sơ", "name the unit that takes over open cases"
            ))  # fmt: skip
    elif form.cases_to not in form.to:
        errors.append(FieldError("/cases_to", "phải là một đơn vị trong to", "must be one of to"))
    return errors


def _own_successors(form: SucceedUnits) -> list[FieldError]:
    """A unit may stay only where others pass into it, or where others are split from it."""
    stays = {"merge": len(form.from_) > 1, "split": len(form.to) > 1}.get(form.kind, False)
    return [
        FieldError(f"/to/{place}", "đơn vị không thể kế thừa chính nó", "a unit cannot succeed itself")
        for place, unit in enumerate(form.to)
        if unit in form.from_ and not stays
    ]


def _admin(world: World, grants: Grants, form: Any) -> Grant:
    """An appointment over every unit the change touches."""
    if isinstance(form, SucceedUnits):
        touched = [*form.from_, *form.to]
    else:
        touched = [form.parent if isinstance(form, RegisterUnit) and form.parent else form.unit]
    for grant in grants:
        if all(grant.covers(world.scope(unit)) for unit in touched):
            return grant
    raise NotFound


def _apply(world: World, command: Command, form: Any) -> Accepted:
    if isinstance(form, RegisterUnit):
        return _register(world, form)
    if isinstance(form, AmendUnit):
        return _amend(world, form)
    if isinstance(form, CloseUnit):
        return _close(world, form)
    return _succeed(world, command, cast(SucceedUnits, form))


def _accepted(unit: str, verb: str, state: str, data: dict[str, Any]) -> Accepted:
    """A change's event; account and role are the caller's, set by `change`."""
    return Accepted(
        account="",
        role=cast(Any, None),
        quarter="",
        unit=unit,
        type=f"kycuong.unit.{verb}.v1",
        subject=f"unit/{unit}",
        data=data,
        state=state,
    )


def _register(world: World, form: RegisterUnit) -> Accepted:
    if world.directory.knows(form.unit):
        raise AlreadyRegistered
    day = date.fromisoformat(form.valid_from)
    _check_parent(world, form.unit, form.parent, day)
    version = Version(day, None, form.name, form.group, form.parent, form.staff)
    world.own_directory().register(form.unit, version)
    world[Units].new.append((form.unit, world.now))
    world[Units].changed[form.unit] = None
    accepted = _accepted(form.unit, "registered", "register", {
        "name": form.name, "group": form.group, "parent": form.parent, "staff": form.staff,
        "valid_from": form.valid_from,
    })  # fmt: skip
    accepted.begins = True
    return accepted


def _check_parent(world: World, unit: str, parent: str | None, day: date) -> None:
    if parent is None:
        return
    if parent == unit or (world.directory.knows(unit) and world.directory.makes_cycle(unit, parent, day)):
        raise invalid("/parent", "đơn vị không thể trực thuộc chính nó", "a unit cannot lie below itself")
    if world.directory.version(parent, day) is None:
        raise invalid(
            "/parent", f"đơn vị cấp trên không hoạt động vào ngày {day:%d/%m/%Y}", f"the parent is not valid on {day}"
        )


def _amend(world: World, form: AmendUnit) -> Accepted:
    day = date.fromisoformat(form.valid_from)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/valid_from", "đơn vị không hoạt động vào ngày này", "the unit is not valid on that day")
    fields = form.amended()
    _check_parent(world, form.unit, fields.get("parent"), day)
    world.own_directory().amend(form.unit, day, fields)
    world[Units].changed[form.unit] = None
    return _accepted(form.unit, "amended", "amend", {"valid_from": form.valid_from, **fields})


def _close(world: World, form: CloseUnit) -> Accepted:
    last = date.fromisoformat(form.valid_to)
    ended = world.directory.last_day(form.unit)
    heir = world.directory.heirs.get(form.unit)
    if ended is not None and not (heir is not None and ended == last == heir.valid_from - _DAY):
        raise WrongState(("Đơn vị đã kết thúc hoạt động.", "The unit is already closed."))
    if last < world.directory.first_day(form.unit):
        raise invalid("/valid_to", "ở trước ngày thành lập", "is before the unit's first day")
    world.own_directory().close(form.unit, last)
    world[Units].changed[form.unit] = None
    return _accepted(form.unit, "closed", "close", {"valid_to": form.valid_to})


def _succeed(world: World, command: Command, form: SucceedUnits) -> Accepted:
    day = date.fromisoformat(form.valid_from)
    _check_validity(world, form, day)
    cases_to = form.cases_to if "cases_to" in form.model_fields_set else form.to[0]
    pass_on(world, command.id, form.kind, form.from_, form.to, day, cases_to)
    data = {
        "kind": form.kind, "from": list(form.from_), "to": list(form.to), "valid_from": form.valid_from,
        "basis": form.basis, "cases_to": cases_to,
    }  # fmt: skip
    accepted = _accepted(form.from_[0], "succeeded", "succeed", {**data, "side": "from"})
    accepted.further = tuple(
        [Further(unit, {**data, "side": "from"}) for unit in form.from_[1:]]
        + [Further(unit, {**data, "side": "to"}) for unit in form.to if unit not in form.from_]
    )
    return accepted


def _check_validity(world: World, form: SucceedUnits, day: date) -> None:
    for place, unit in enumerate(form.from_):
        if unit in world.directory.heirs:
            raise WrongState((f"{unit} đã có đơn vị kế thừa.", f"{unit} already has a successor."))
        if world.directory.version(unit, day - _DAY) is None:
            raise invalid(f"/from/{place}", f"không hoạt động trước ngày {day:%d/%m/%Y}", f"was not valid before {day}")
    passing = [unit for unit in form.from_ if unit not in form.to]
    for place, unit in enumerate(form.to):
        if world.directory.version(unit, day) is None:
            raise invalid(f"/to/{place}", f"không hoạt động vào ngày {day:%d/%m/%Y}", f"is not valid on {day}")
        if world.directory.answering(unit, date.max) in passing:
            raise invalid(
                f"/to/{place}", "đã được chính đơn vị cũ kế thừa", "is itself to pass into a unit that ends here"
            )


def pass_on(
    world: World, id: str, kind: str, units: Sequence[str], successors: Sequence[str], day: date, cases_to: str
) -> None:
    """Let units pass into others from a day on."""
    for unit in units:
        if unit not in successors:
            _end(world, unit, Heir(cases_to, day))
        for successor in successors:
            if successor != unit:
                passes = successor == cases_to and unit not in successors
                world[Units].lineage.append((id, kind, unit, successor, day, passes))


def _end(world: World, unit: str, heir: Heir) -> None:
    """End a unit the day before its heir takes over."""
    if world.own_directory().pass_on(unit, heir):
        world[Units].changed[unit] = None


def touch(needs: Needs, command: Command) -> None:
    """Move the sequences of the units that change, and hold the tree."""
    form: Any = command.form
    units = [*form.from_, *form.to] if isinstance(form, SucceedUnits) else [form.unit]
    needs.units.update(units)
    needs.of(Units).update(dict.fromkeys(units))
