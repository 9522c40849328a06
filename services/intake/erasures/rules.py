"""The rules of erasing private parts: a reviewer asks, an auditor who is somebody else approves or refuses. Pure."""

import json
from collections.abc import Collection
from typing import cast

from services.intake.erasures.forms import RequestErasure
from services.intake.erasures.state import Erasure, Erasures
from services.intake.findings.state import Finding, Findings
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyErased, WrongState
from services.intake.writing.rights import grants_at, reaching, require_told
from services.intake.writing.world import Known, World
from services.kernel.identity.roles import Role
from services.kernel.problems import FieldError, Forbidden, Invalid, NotFound
from services.kernel.quarters import local_date, quarter_of


def request(asked: Asked) -> Accepted:
    """Ask for the erasure of parts that an event has and nobody asked for yet; nothing happens to them now."""
    world, command = asked.world, asked.command
    form = cast(RequestErasure, command.form)
    target = world.known.get(form.event)
    answer = json.loads(target.answer) if target is not None else {}
    if target is None or "event" not in answer:
        raise NotFound  # no such write, or one that the log has no event of
    unit = str(answer["unit"])
    grant = reaching(world, grants_at(asked.grants, world.rights_at), unit)[0]
    require_told(world, asked.caller, unit, kept=form.event in world[Erasures].kept)
    refuse_foreign(asked.known)
    _check_parts(world, form, target)
    erasure = Erasure(
        id=command.id, event=form.event, unit=unit, parts=tuple(sorted(form.parts)), requester=asked.caller.account
    )
    world[Erasures].known[erasure.id] = erasure
    world[Erasures].new.append(erasure)
    return _accepted(asked, erasure, grant.role)


def _check_parts(world: World, form: RequestErasure, target: Known) -> None:
    errors = [
        FieldError(f"/parts/{place}", "lần ghi đó không có phần này", "that write has no such part")
        for place, part in enumerate(form.parts)
        if part not in target.parts and part not in target.erased | target.lost
    ]
    if errors:
        raise Invalid(errors=errors)
    asked_for = set(form.parts)
    if asked_for & target.erased:
        raise AlreadyErased
    if any(
        one.state == "requested" and one.event == form.event and asked_for & set(one.parts)
        for one in world[Erasures].known.values()
    ):
        raise WrongState((
            "Đã có một yêu cầu xóa phần này đang chờ duyệt.",
            "A request to erase this part already waits for approval.",
        ))  # fmt: skip


def approve(asked: Asked) -> Accepted:
    """Erase what was asked for: the keys go and the event comes in one transaction."""
    erasure, role = _settle(asked, "erased")
    target = asked.world.known[erasure.event]
    for part in erasure.parts:
        target.parts.pop(part, None)  # a lost one is not there
        target.erased.add(part)
    _forget_photos(asked.world[Findings].known.get(erasure.event), erasure.parts)
    return _accepted(asked, erasure, role)


def _forget_photos(finding: Finding | None, parts: Collection[str]) -> None:
    """Of a finding that the same batch sends photos of: the erased ones are taken no more."""
    if finding is not None:
        finding.photos = tuple(
            {} if f"photo.{place}" in parts else photo for place, photo in enumerate(finding.photos, start=1)
        )


def refuse(asked: Asked) -> Accepted:
    """Leave the parts as they are."""
    return _accepted(asked, *_settle(asked, "refused"))


def _settle(asked: Asked, state: str) -> tuple[Erasure, Role]:
    world, command = asked.world, asked.command
    erasure = world[Erasures].known.get(command.parent)
    if erasure is None:
        raise NotFound
    grant = reaching(world, grants_at(asked.grants, world.rights_at), erasure.unit)[0]
    require_told(world, asked.caller, erasure.unit, kept=erasure.event in world[Erasures].kept)
    if asked.caller.account == erasure.requester:
        raise Forbidden((
            "Người yêu cầu xóa không được tự duyệt hay từ chối; cần một người thứ hai.",
            "Whoever asked for an erasure may not settle it; it takes a second person.",
        ))  # fmt: skip
    refuse_foreign(asked.known)
    if erasure.state == "erased":
        raise AlreadyErased
    if erasure.state == "refused":
        raise WrongState(("Yêu cầu này đã bị từ chối.", "The request has been refused."))
    erasure.state, erasure.settlement = state, command.id
    world[Erasures].settled.append(erasure)
    return erasure, grant.role


def _accepted(asked: Asked, erasure: Erasure, role: Role) -> Accepted:
    """What follows; only the approval is a noun that the log tells of."""
    return Accepted(
        account=asked.caller.account, role=role, quarter=quarter_of(local_date(asked.world.now)), unit=erasure.unit,
        type="kycuong.part.erased.v1", subject=f"part/{erasure.event}",
        data={"event": erasure.event, "parts": list(erasure.parts)}, state=erasure.state,
        extra={"erasure": erasure.id, "parts": list(erasure.parts)},
    )  # fmt: skip


def touch_request(needs: Needs, command: Command) -> None:
    """Need the event that a request is about."""
    needs.of(Erasures)[cast(RequestErasure, command.form).event] = None


def touch_settlement(needs: Needs, command: Command) -> None:
    """Need the request that is settled."""
    needs.of(Erasure)[command.parent] = None
