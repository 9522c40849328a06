"""The rules of a case: who may write what, in the contract's order of refusals, and what follows. Pure.

Each rule raises the first refusal that applies, and changes the working state only once nothing can refuse any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from services.intake import forms, units
from services.intake.accepted import Accepted, refuse_foreign
from services.intake.catalogue import COMMENDATIONS, Catalogue, Code, in_force
from services.intake.commands import Command
from services.intake.forms import Instant
from services.intake.refusals import Incomplete, ReplyWindowOpen, WithdrawalTooLate, WrongState
from services.intake.rights import Grants, first_of, grants_at, grants_of_roles, reaching
from services.intake.world import Finding, Inspection, Known, World
from services.kernel.envelope import NO_UNIT, canonical
from services.kernel.identity import Caller, Grant
from services.kernel.problems import (
    FieldError,
    Forbidden,
    IdReused,
    Invalid,
    NotFound,
    NotYetKnown,
    Unauthorized,
    invalid,
)
from services.kernel.quarters import local_date, quarter_days, quarter_of, rfc3339
from services.kernel.roles import Role

AHEAD = timedelta(minutes=5)
LATE = timedelta(days=7)
SKEW = timedelta(hours=1)
FILER_MAY_WITHDRAW = timedelta(hours=24)
_SELECTIONS = {"risk": "targeted", "complaint": "targeted"}
_DONE = {
    "withdrawn": ("Ghi nhận đã được rút lại.", "The finding has been withdrawn."),
    "replied": ("Ghi nhận đã được giải trình.", "The finding has been replied to."),
    "lapsed": ("Thời hạn giải trình đã hết.", "The reply window has lapsed."),
    "decided": ("Ghi nhận đã có kết luận.", "The finding has been decided."),
}
_NO_CASE = ("K00 và K04 không có giải trình hay kết luận.", "K00 and K04 take no reply or decision.")


@dataclass(frozen=True, slots=True)
class Replay:
    """The write was accepted before: the answer it got."""

    answer: bytes


@dataclass(slots=True)
class Asked:
    """A write with its caller, as the rules see it."""

    world: World
    command: Command
    caller: Caller
    grants: Grants
    known: Known | None
    claimed: datetime | None = field(default=None)


def decide(world: World, command: Command) -> Accepted | Replay:
    """Decide one write against the working state, and change that state; a Problem says why not."""
    caller = world.callers.get(command.token)
    if caller is None:
        raise Unauthorized
    known = world.known.get(command.id)
    if known is not None and known.account == caller.account:
        return _repeat(known, command)
    grants = grants_of_roles(caller, command.noun.roles, world.rights_at)
    if command.errors:
        raise Invalid(errors=command.errors)
    asked = Asked(world, command, caller, grants, known)
    accepted = _RULES[command.noun.name](asked)
    parts = private_parts(command.form)
    accepted.parts = parts
    world.known[command.id] = Known(caller.account, command.content, b"", parts)
    return accepted


def _repeat(known: Known, command: Command) -> Replay:
    same = known.content == command.content and known.parts == private_parts(command.form)
    if not same:
        raise IdReused
    return Replay(known.answer)


def private_parts(form: forms.Form | None) -> dict[str, bytes]:
    """The private groups of a body with the bytes that are sealed and committed to."""
    parts: dict[str, bytes] = {}
    private = getattr(form, "private", None)
    for name in private.model_fields_set if private is not None else ():
        value = getattr(private, name)
        if value != []:
            parts[name] = value.encode() if isinstance(value, str) else canonical(value)
    for number, photo in enumerate(getattr(form, "photos", ()), start=1):
        parts[f"photo.{number}"] = bytes.fromhex(photo.sha256)
    return parts


# what the rules share


def _filer(asked: Asked, inspection: Inspection, allowed: bool) -> Grant:
    """The appointment by which a team member or a lead in scope writes; the contract's 404 and 403."""
    covering = reaching(asked.world, asked.grants, inspection.unit)
    grant = (first_of(covering, Role.INSPECTOR) if allowed else None) or first_of(covering, Role.LEAD)
    if grant is None:
        raise Forbidden((
            "Chỉ thành viên được giao hoặc trưởng đoàn mới làm được việc này.",
            "Only the member concerned or a lead may do this.",
        ))  # fmt: skip
    return grant


def _head(asked: Asked, unit: str) -> Grant:
    """The appointment of the unit's own head (of its heir after a succession)."""
    answering = asked.world.directory.answering(unit, local_date(asked.world.now))
    for grant in reaching(asked.world, asked.grants, unit):
        if grant.unit == answering:
            return grant
    raise Forbidden((
        "Chỉ người đứng đầu chính đơn vị đó mới trả lời được.",
        "Only the head of that very unit may answer.",
    ))  # fmt: skip


def _inspection(world: World, id: str) -> Inspection:
    if id not in world.inspections:
        raise NotYetKnown
    return world.inspections[id]


def _finding(world: World, id: str) -> Finding:
    if id not in world.findings:
        raise NotYetKnown
    return world.findings[id]


def _clock(world: World, pointer: str, instant: datetime, flags: list[str]) -> None:
    if instant > world.now + AHEAD:
        raise invalid(
            pointer,
            "ở sau giờ máy chủ quá 5 phút; hãy chỉnh đồng hồ máy rồi gửi lại",
            "is more than 5 minutes ahead of the server; correct the phone's clock and send again",
        )
    if instant < world.now - LATE:
        flags.append("late_report")


def _moment(time: str) -> datetime:
    return cast(Instant, time).at


def _device_at(form: forms.Timed) -> dict[str, str]:
    return {"device_at": str(form.device_at)} if "device_at" in form.model_fields_set else {}


# inspections


def _open_inspection(asked: Asked) -> Accepted:
    world, command, caller = asked.world, asked.command, asked.caller
    form = cast(forms.OpenInspection, command.form)
    _check_names(world, form)
    opened_at = _moment(form.opened_at)
    grants = reaching(world, grants_at(asked.grants, world.rights_at, opened_at), form.unit)
    refuse_foreign(asked.known)
    day = local_date(opened_at)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/unit", f"đơn vị không hoạt động vào ngày {day}", f"the unit was not valid on {day}")
    flags: list[str] = []
    _clock(world, "/opened_at", opened_at, flags)
    catalogue = _catalogue_on(world, day, "/opened_at")
    team = tuple(dict.fromkeys((caller.account, *form.team)))
    inspection = Inspection(command.id, form.unit, quarter_of(day), catalogue.version, caller.account, team, opened_at)
    world.inspections[command.id] = inspection
    world.changes.new_inspections.append((
        inspection, {"kind": form.kind, "selection": form.selection, "basis": form.basis},
    ))  # fmt: skip
    return Accepted(
        caller.account, grants[0].role, inspection.quarter, form.unit,
        "kycuong.inspection.opened.v1", f"inspection/{command.id}",
        {
            "inspection": command.id, "kind": form.kind, "selection": _SELECTIONS.get(form.selection, form.selection),
            "basis": form.basis, "opened_at": str(form.opened_at), "quarter": inspection.quarter,
            "catalogue": catalogue.version, "flags": flags, **_device_at(form),
        },
        "open", flags, team=team,
        extra={"quarter": inspection.quarter, "catalogue": catalogue.version},
    )  # fmt: skip


def _check_names(world: World, form: forms.OpenInspection) -> None:
    errors = units.unknown_unit(world, "/unit", form.unit)
    errors += [
        FieldError(f"/team/{place}", "không có tài khoản này", "there is no such account")
        for place, account in enumerate(form.team)
        if account not in world.accounts
    ]
    if errors:
        raise Invalid(errors=errors)


def _catalogue_on(world: World, day: date, pointer: str) -> Catalogue:
    try:
        return in_force(world.catalogues, day)
    except LookupError:
        raise invalid(pointer, f"chưa có danh mục nào cho ngày {day}", f"no catalogue is in force on {day}") from None


def _close_inspection(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form = cast(forms.CloseInspection, command.form)
    closed_at = _moment(form.closed_at)
    inspection = _inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at, closed_at)
    grant = _filer(asked, inspection, asked.caller.account == inspection.opener)
    refuse_foreign(asked.known)
    if inspection.state != "open":
        raise WrongState(("Cuộc kiểm tra đã kết thúc.", "The inspection is already closed."))
    flags: list[str] = []
    if closed_at < inspection.opened_at:
        raise invalid("/closed_at", "ở trước lúc bắt đầu kiểm tra", "is before the inspection was opened")
    _clock(world, "/closed_at", closed_at, flags)
    due = world.calendar.reply_due(world.now)
    inspection.state, inspection.closing, inspection.closed_at = "closed", command.id, closed_at
    inspection.reply_due, inspection.acknowledged = due, False
    roll = {
        name: getattr(form, name)
        for name in ("assigned", "present", "unexcused", "late", "persons_checked", "files_checked", "signed")
    } | {"excused": form.excused.model_dump(exclude_unset=True)}
    inspection.roll = roll
    world.changes.inspections[inspection.id] = world.changes.closed[inspection.id] = inspection
    return Accepted(
        asked.caller.account, grant.role, inspection.quarter, inspection.unit,
        "kycuong.inspection.closed.v1", f"inspection/{inspection.id}",
        {
            "inspection": inspection.id, "closed_at": str(form.closed_at), **roll, "reply_due": rfc3339(due),
            "flags": flags, **_device_at(form),
        },
        "closed", flags, private=True, extra={"inspection": inspection.id, "reply_due": rfc3339(due)},
    )  # fmt: skip


def _acknowledge(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    inspection = _inspection(world, command.parent)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = _head(asked, inspection.unit)
    refuse_foreign(asked.known)
    if inspection.state != "closed":
        raise WrongState(("Cuộc kiểm tra chưa kết thúc.", "The inspection is not closed yet."))
    if inspection.acknowledged:
        raise WrongState(("Cảnh báo này đã được xác nhận.", "This alert is already acknowledged."))
    inspection.acknowledged = True
    world.changes.inspections[inspection.id] = inspection
    return Accepted(
        asked.caller.account, grant.role, inspection.quarter, inspection.unit,
        "kycuong.inspection.acknowledged.v1", f"inspection/{inspection.id}", {"inspection": inspection.id},
        "acknowledged", extra={"inspection": inspection.id},
    )  # fmt: skip


# findings


def _record_finding(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form = cast(forms.RecordFinding, command.form)
    newest = world.catalogues[-1]
    code = _check_code(newest, form)
    captured_at = _moment(form.captured_at)
    inspection = _inspection(world, form.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at, captured_at)
    grant = _filer(asked, inspection, asked.caller.account in inspection.team)
    refuse_foreign(asked.known)
    if inspection.catalogue != newest.version:
        code = _check_code(next(one for one in world.catalogues if one.version == inspection.catalogue), form)
    flags: list[str] = []
    _capture(world, inspection, captured_at, flags)
    due = world.calendar.reply_due(world.now) if inspection.state == "closed" else None
    finding = Finding(
        command.id, inspection.id, inspection.unit, code.code, inspection.catalogue, code.severity, form.count,
        captured_at, tuple(photo.model_dump() for photo in form.photos), asked.caller.account, world.now, reply_due=due,
    )  # fmt: skip
    world.findings[finding.id] = finding
    world.changes.new_findings.append(finding)
    if due is not None and 1 <= code.severity <= 3 and inspection.acknowledged:
        inspection.acknowledged = False  # a finding that joins the alert opens it again
        world.changes.inspections[inspection.id] = inspection
    return Accepted(
        asked.caller.account, grant.role, inspection.quarter, inspection.unit,
        "kycuong.finding.recorded.v1", f"finding/{finding.id}",
        {
            "finding": finding.id, "inspection": inspection.id, "code": code.code, "catalogue": inspection.catalogue,
            "severity": code.severity, "count": form.count, "captured_at": str(form.captured_at),
            "photos": len(finding.photos), "flags": flags, **_device_at(form),
            **({"reply_due": rfc3339(due)} if due else {}),
        },
        "recorded", flags, private=True, extra={"inspection": inspection.id},
    )  # fmt: skip


def _check_code(catalogue: Catalogue, form: forms.RecordFinding) -> Code:
    code = catalogue.codes.get(form.code)
    if code is None:
        raise invalid("/code", "không có mã này trong danh mục", "the catalogue has no such code")
    if code.code in COMMENDATIONS:
        raise invalid("/code", "K01–K03 chỉ ghi bằng phiếu biểu dương", "K01–K03 come only as commendations")
    if code.severity == 1 and form.private.persons:
        raise invalid(
            "/private/persons",
            "mức 1 chỉ ghi số lượng, không ghi người; hãy bỏ trường này",
            "severity 1 is counted only, without persons; remove this field",
        )
    return code


def _capture(world: World, inspection: Inspection, captured_at: datetime, flags: list[str]) -> None:
    _clock(world, "/captured_at", captured_at, flags)
    if captured_at < inspection.opened_at - SKEW:
        raise invalid(
            "/captured_at",
            "ở trước lúc bắt đầu kiểm tra quá 1 giờ",
            "is more than 1 hour before the inspection was opened",
        )
    if captured_at < inspection.opened_at:
        flags.insert(0, "clock_skew")
    if inspection.closed_at is not None and captured_at > inspection.closed_at:
        raise invalid("/captured_at", "ở sau lúc kết thúc kiểm tra", "is after the inspection was closed")


def _withdraw(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    finding = _finding(world, command.parent)
    inspection = _inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    grant = _filer(asked, inspection, asked.caller.account == finding.filer)
    refuse_foreign(asked.known)
    if finding.state in ("withdrawn", "decided"):
        raise WrongState(_DONE[finding.state])
    leads = first_of(reaching(world, asked.grants, inspection.unit), Role.LEAD)
    if leads is None and world.now > finding.received_at + FILER_MAY_WITHDRAW:
        raise WithdrawalTooLate
    finding.state = "withdrawn"
    finding.answers["withdrawal"] = command.id
    return _about(asked, finding, inspection, (leads or grant).role, "withdrawn", {})


def _reply(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form = cast(forms.ReplyToFinding, command.form)
    finding = _finding(world, command.parent)
    inspection = _inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    reaching(world, asked.grants, inspection.unit)
    if finding.severity == 4:
        raise NotFound  # kept from the unit until the reviewer releases it
    grant = _head(asked, inspection.unit)
    refuse_foreign(asked.known)
    if finding.severity == 0:
        raise WrongState(_NO_CASE)
    if finding.state != "recorded":
        raise WrongState(_DONE[finding.state])
    finding.state, finding.accepts = "replied", form.accepts
    finding.answers["reply"] = command.id
    return _about(asked, finding, inspection, grant.role, "replied", {"accepts": form.accepts})


def _decide(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form = cast(forms.DecideFinding, command.form)
    finding = _finding(world, command.parent)
    inspection = _inspection(world, finding.inspection)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), inspection.unit)[0]
    if asked.caller.account in (*inspection.team, finding.filer):
        raise Forbidden((
            "Người trong đoàn kiểm tra không được kết luận.",
            "A member of the inspecting team may not decide.",
        ))  # fmt: skip
    refuse_foreign(asked.known)
    if finding.severity == 0:
        raise WrongState(_NO_CASE)
    if finding.state in ("withdrawn", "decided"):
        raise WrongState(_DONE[finding.state])
    if form.outcome == "upheld":
        if finding.state == "recorded":
            raise ReplyWindowOpen
        if finding.photos:
            raise Incomplete
    finding.state, finding.outcome = "decided", form.outcome
    finding.answers["decision"] = command.id
    return _about(asked, finding, inspection, grant.role, "decided", {"outcome": form.outcome})


def _about(
    asked: Asked, finding: Finding, inspection: Inspection, role: Role, state: str, data: Mapping[str, Any]
) -> Accepted:
    asked.world.changes.findings[finding.id] = finding
    return Accepted(
        asked.caller.account, role, inspection.quarter, finding.unit,
        f"kycuong.finding.{state}.v1", f"finding/{finding.id}",
        {"finding": finding.id, "inspection": inspection.id, **data},
        state, private=True, extra={"finding": finding.id, "inspection": inspection.id},
    )  # fmt: skip


# commendations and quarters


def _commend(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form = cast(forms.Commend, command.form)
    errors = units.unknown_unit(world, "/unit", form.unit)
    if errors:
        raise Invalid(errors=errors)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), form.unit)[0]
    refuse_foreign(asked.known)
    day = date.fromisoformat(form.date)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/unit", f"đơn vị không hoạt động vào ngày {day}", f"the unit was not valid on {day}")
    if day > local_date(world.now + AHEAD):
        raise invalid("/date", "là ngày chưa tới", "is still to come")
    catalogue = _catalogue_on(world, day, "/date")
    world.changes.commendations.append((command.id, form.unit, form.code, day, world.now))
    return Accepted(
        asked.caller.account, grant.role, quarter_of(local_date(world.now)), form.unit,
        "kycuong.commendation.recorded.v1", f"commendation/{command.id}",
        {"commendation": command.id, "code": form.code, "date": form.date, "catalogue": catalogue.version},
        "recorded", private=True, extra={"quarter": quarter_of(day)},
    )  # fmt: skip


def _close_quarter(asked: Asked) -> Accepted:
    world, command = asked.world, asked.command
    form, quarter = cast(forms.CloseQuarter, command.form), command.parent
    whole = [grant for grant in grants_at(asked.grants, world.rights_at) if grant.unit is None]
    if not whole:
        raise Forbidden(
            ("Chỉ người phụ trách toàn tỉnh mới chốt quý.", "Only a reviewer of the province closes a quarter.")
        )
    refuse_foreign(asked.known)
    if (quarter, form.edition) in world.closed_quarters or (quarter, "official") in world.closed_quarters:
        raise WrongState((f"{quarter} đã được chốt.", f"{quarter} is already closed."))
    if quarter_days(quarter)[0] > local_date(world.now):
        raise invalid("/quarter", "quý này chưa bắt đầu", "the quarter has not begun")
    world.closed_quarters.add((quarter, form.edition))
    world.changes.quarters.append((quarter, form.edition, command.id, world.now))
    return Accepted(
        asked.caller.account, whole[0].role, quarter_of(local_date(world.now)), NO_UNIT,
        "kycuong.quarter.closed.v1", f"quarter/{quarter}", {"quarter": quarter, "edition": form.edition},
        "closed", extra={"quarter": quarter, "edition": form.edition}, barrier=True,
    )  # fmt: skip


def _change_units(asked: Asked) -> Accepted:
    return units.change(asked.world, asked.command, asked.caller, asked.grants, asked.known)


_RULES: Mapping[str, Callable[[Asked], Accepted]] = {
    "unit-changes": _change_units,
    "inspections": _open_inspection,
    "inspections/closing": _close_inspection,
    "inspections/acknowledgement": _acknowledge,
    "findings": _record_finding,
    "findings/withdrawal": _withdraw,
    "findings/reply": _reply,
    "findings/decision": _decide,
    "commendations": _commend,
    "quarters/closing": _close_quarter,
}
