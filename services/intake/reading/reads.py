"""What a signed-in caller may read of units, inspections and findings, by role and scope."""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import unquote

import asyncpg
from fastapi import Depends, FastAPI, Header, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.catalogue import in_force
from services.domain.units import Directory
from services.intake.cases.outcomes import DaysLeft, Stage, label, settled
from services.intake.vault.sealing import Sealed
from services.intake.writing.forms import MAX_TEXT, is_write_id
from services.intake.writing.loading import QUERIES
from services.intake.writing.service import Service, service_of
from services.intake.writing.world import missing_photos
from services.kernel.identity.authentication import authenticate, token_of
from services.kernel.identity.callers import Caller, Grant
from services.kernel.identity.reach import KEPT, Matter, is_kept_from, readable
from services.kernel.identity.roles import MATRIX, Action, Reach, Role, allows
from services.kernel.problems import Language, NotFound, invalid, language_of
from services.kernel.quarters import local_date, rfc3339
from services.kernel.strict_json import clean_text, is_blank, judge_text

_LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
_STRUCTURED = ("persons", "minutes", "signatures", "position", "fill")
_UNITS = ("opinion", "refusal", "minutes", "signatures", "erased", "lost")
_ANSWERS = ("withdrawal", "reply", "decision")
_SEEN_BEFORE = timedelta(days=7)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_PHONES = 50
REASON_HEADER = "Kycuong-Reason"
STAFF = (Role.INSPECTOR, Role.LEAD, Role.REVIEWER)
_READERS = (*STAFF, Role.UNIT_HEAD, Role.AUDITOR)  # of several roles the first that reaches a case reads it

Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=200)]
Day = Annotated[date | None, Query()]
InStage = Annotated[Stage | None, Query(description="open, or closed with something to reply to or decide, or done")]
Short = Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00]*$")]


async def told_reason(
    reason: Annotated[
        str | None,
        Query(
            max_length=MAX_TEXT, pattern=r"^[^\x00]*$", description="an address is kept in histories: better the header"
        ),
    ] = None,
    told: Annotated[
        str | None,
        Header(alias=REASON_HEADER, pattern=r"^[!-~]*$", description="why it is opened, percent-encoded UTF-8"),
    ] = None,
) -> str | None:
    """Why a private part is opened: by a header, which no history, proxy or trace keeps, or in the address."""
    if told is None:
        return _judged("/reason", reason)
    try:
        text = unquote(told, errors="strict")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(text) > MAX_TEXT:
        raise invalid(
            f"/{REASON_HEADER}",
            f"phải là UTF-8 viết bằng %XX, dài nhất {MAX_TEXT} ký tự",
            f"must be percent-encoded UTF-8 of at most {MAX_TEXT} characters",
        )
    return _judged(f"/{REASON_HEADER}", text)


def _judged(pointer: str, reason: str | None) -> str | None:
    """The reason, if it is one that may be composed."""
    try:
        return reason and judge_text(reason)
    except ValueError as refusal:
        raise invalid(pointer, *refusal.args[0]) from None


Reason = Annotated[str | None, Depends(told_reason)]


@dataclass(slots=True)
class Some:
    """Some units, or all of them."""

    everywhere: bool = False
    units: set[str] = field(default_factory=set)

    def add(self, grant: Grant, directory: Directory, day: date) -> None:
        """Widen by what an appointment covers."""
        if grant.unit is None:
            self.everywhere = True
        else:
            self.units |= directory.below([grant.unit], day)

    def holds(self, unit: str) -> bool:
        """Whether the unit is one of them."""
        return self.everywhere or unit in self.units


@dataclass(slots=True)
class Reading:
    """How far a caller reads, case by case and as sets of units for lists."""

    caller: Caller
    directory: Directory
    now: datetime
    _scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def role(self, unit: str, team: Sequence[str], severity: int = 0) -> Role | None:
        """As whom the caller reads a case of a unit and team; None when it is not for him."""
        matter = Matter(self._scope(unit), mine=self.caller.account in team, kept=severity == KEPT)
        roles = {grant.role for grant in readable(self.caller, Action.READ_CASE, matter, self.now)}
        return next((role for role in _READERS if role in roles), None)

    def knows_people(self, unit: str, team: Sequence[str]) -> bool:
        """Whether the caller may know who inspected: the unit and the auditor may not."""
        return self.role(unit, team) in STAFF

    def heads(self, unit: str) -> bool:
        """Whether the caller heads the unit or one above, whatever else he is."""
        return is_kept_from(self.caller, Matter(self._scope(unit), kept=True), self.now)

    def units(self, *roles: Role) -> Some:
        """The units of the caller's appointments to some of these roles."""
        grants = self.caller.grants_for(Action.READ_CASE, self.now)
        return self._some(grant for grant in grants if grant.role in roles)

    def headed(self) -> Some:
        """The units that the caller heads or is above of: what is kept from them is kept from him."""
        return self._some(post for post in self.caller.posts if post.valid_at(self.now))

    def _some(self, grants: Iterable[Grant]) -> Some:
        some = Some()
        for grant in grants:
            some.add(grant, self.directory, local_date(self.now))
        return some

    def _scope(self, unit: str) -> tuple[str, ...]:
        known = self._scopes.get(unit)
        if known is None:
            known = self._scopes[unit] = self.directory.scope(unit, local_date(self.now))
        return known


def install(app: FastAPI) -> None:
    """Add the read routes."""
    routes = (
        ("/intake/v1/me", me, Action.SIGNED_IN),
        ("/intake/v1/units", units, Action.READ_DIRECTORY),
        ("/intake/v1/catalogue", catalogue, Action.READ_DIRECTORY),
        ("/intake/v1/inspections", inspections, Action.READ_CASE),
        ("/intake/v1/inspections/{id}", inspection, Action.READ_CASE),
        ("/intake/v1/findings", findings, Action.READ_CASE),
        ("/intake/v1/findings/{id}", finding, Action.READ_CASE),
        ("/intake/v1/erasures", erasures, Action.READ_ERASURES),
        ("/intake/v1/devices", devices, Action.READ_DEVICES),
    )
    for path, endpoint, action in routes:
        app.get(path, response_class=JSONResponse, openapi_extra=allows(action))(endpoint)


async def _caller(request: Request) -> tuple[Service, Caller]:
    service = service_of(request)
    return service, await authenticate(service.pool, token_of(request))


async def me(request: Request) -> Response:
    """Who the caller is."""
    service, caller = await _caller(request)
    roles = [{"role": grant.role, "unit": grant.unit} for grant in caller.current(service.clock.now())]
    return JSONResponse({"account": caller.account, "roles": roles, "expires_at": rfc3339(caller.expires_at)})


async def _directory(service: Service) -> Directory:
    async with service.pool.acquire() as connection:
        return await service.writes.directory.current(connection)


async def units(
    request: Request, at: Day = None, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=1000)] = 500
) -> Response:
    """The units in the caller's scope that are valid on a day (today), by id."""
    service, caller = await _caller(request)
    today = local_date(service.clock.now())
    directory = await _directory(service)
    reach = Some()
    for grant in caller.require(Action.READ_DIRECTORY, service.clock.now()):
        reach.add(grant, directory, today)
    after = _read_cursor(cursor) or ""
    listed = [
        {"unit": unit, "name": version.name, "label": directory.label(unit, at or today), "group": version.group,
         "parent": version.parent, "staff": version.staff,
         "valid_from": version.valid_from.isoformat(), "valid_to": version.valid_to and version.valid_to.isoformat()}
        for unit in sorted(directory.versions)
        if unit > after and reach.holds(unit) and (version := directory.version(unit, at or today)) is not None
    ]  # fmt: skip
    return _page(listed, limit, "unit")


async def catalogue(request: Request, at: Day = None) -> Response:
    """The catalogue in force on a day (today), with its words."""
    service, _ = await _caller(request)
    try:
        version = in_force(service.catalogues, at or local_date(service.clock.now()))
    except LookupError:
        raise NotFound from None
    codes = [
        {"code": code.code, "group": code.group, "severity": code.severity, "per": code.per, "per_case": code.per_case,
         "name": {"vi": code.name_vi, "en": code.name_en}, "evidence": list(code.evidence)}
        for code in version.codes.values()
    ]  # fmt: skip
    words = {
        part: {key: {"vi": vi, "en": en} for key, (vi, en) in named.items()}
        for part, named in (("groups", version.groups), ("evidence", version.evidence))
    }
    valid_from = version.valid_from.isoformat()
    return JSONResponse({"version": version.version, "valid_from": valid_from, **words, "codes": codes})


async def reading_of(request: Request) -> tuple[Service, Reading]:
    """The service, and how far the caller reads."""
    service, caller = await _caller(request)
    now = service.clock.now()
    caller.require(Action.READ_CASE, now)
    return service, Reading(caller, await _directory(service), now)


async def inspections(
    request: Request,
    unit: Short = None,
    state: Short = None,
    mine: bool = False,
    stage: InStage = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Inspections the caller may read, newest first."""
    service, reading = await reading_of(request)
    full, team, headed = reading.units(*_READERS[1:]), reading.units(Role.INSPECTOR), reading.headed()
    rows = await service.pool.fetch(
        QUERIES.list_inspections, _before(cursor), unit, state, mine, reading.caller.account,
        full.everywhere, list(full.units), team.everywhere, list(team.units), limit + 1, stage,
        headed.everywhere, list(headed.units),
    )  # fmt: skip
    left = await _days_left(service)
    return _page([_inspection(row, reading, left) for row in rows], limit, "id")


async def inspection(request: Request, id: str) -> Response:
    """One inspection; the unit's opinion in the minutes to those who may read private parts."""
    service, reading = await reading_of(request)
    headed = reading.headed()
    kept = (headed.everywhere, list(headed.units))
    row = await service.pool.fetchrow(QUERIES.one_inspection, id, *kept) if is_write_id(id) else None
    role = None if row is None else reading.role(row["unit"], row["team"])
    if row is None or role is None:
        raise NotFound
    shown = _inspection(row, reading, await _days_left(service))
    shown |= {"closing": row["closing"], "impartial": row["impartial"]}
    people = role in STAFF
    if row["closing"] is not None and role is not Role.AUDITOR:
        await service.pool.execute(
            QUERIES.note_minutes_read, reading.caller.account, role, id, None, reading.now, "closing"
        )
        # a crash here leaves a reading noted that nobody saw: never the other way round
        private = await private_of(service, row["closing"])
        if reading.heads(row["unit"]):
            private.pop("fill", None)  # how the form was filled in names findings that are kept from the unit
        shown["private"] = private if people else units_copy(private)
    if people:
        since = row["received_at"] - _SEEN_BEFORE
        phones = await service.pool.fetch(QUERIES.devices, row["team"], False, since, _LAST, _MOST_PHONES)
        shown["devices"] = [_device(phone) for phone in phones]
    return JSONResponse(shown)


def units_copy(private: dict[str, Any]) -> dict[str, Any]:
    """What the unit's own people may read of a closing: nobody of the team, and nothing of how it worked."""
    kept = {name: private[name] for name in _UNITS if name in private}
    for name, hidden in (("minutes", {"secretary"}), ("signatures", {"leader", "secretary"})):
        if kept.get(name):
            kept[name] = {key: value for key, value in kept[name].items() if key not in hidden}
    return kept


async def findings(
    request: Request,
    inspection: Short = None,
    unit: Short = None,
    state: Short = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Findings the caller may read, newest first."""
    service, reading = await reading_of(request)
    if inspection is not None and not is_write_id(inspection):
        raise invalid("/inspection", "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")
    full, team, headed = reading.units(*_READERS[1:]), reading.units(Role.INSPECTOR), reading.headed()
    rows = await service.pool.fetch(
        QUERIES.list_findings, _before(cursor), unit, state, inspection, reading.caller.account,
        full.everywhere, list(full.units), team.everywhere, list(team.units), headed.everywhere, list(headed.units),
        limit + 1,
    )  # fmt: skip
    left, language = await _days_left(service), language_of(request.headers)
    return _page([_finding(row, reading, (), left, language) for row in rows], limit, "id")


async def finding(request: Request, id: str, reason: Reason) -> Response:
    """One finding with its private part; an auditor gives a reason to open that, and each opening is logged."""
    opening = await open_finding(request, id)
    service, reading, row = service_of(request), opening.reading, opening.row
    answers = {name: row[name] for name in _ANSWERS if row[name] is not None}
    shown = _finding(row, reading, row["team"], await _days_left(service), language_of(request.headers)) | {
        "answers": answers
    }
    if opening.role is not Role.AUDITOR or not is_blank(reason or ""):
        await opening.note(service, reason)
        # a crash here leaves a reading noted that nobody saw: never the other way round
        shown["private"] = await _private(service, id, answers)
    return JSONResponse(shown)


@dataclass(slots=True)
class Opening:
    """A finding that a caller may see, and the role by which its private part would be read."""

    reading: Reading
    row: asyncpg.Record
    role: Role

    async def note(self, service: Service, reason: str | None, part: str | None = None) -> None:
        """Log that the private part, or one photo, is opened."""
        await service.pool.execute(
            QUERIES.note_read, self.reading.caller.account, self.role, self.row["id"], reason and clean_text(reason),
            service.clock.now(), part,
        )  # fmt: skip


async def open_finding(request: Request, id: str) -> Opening:
    """The finding, if the caller may see it; NotFound otherwise."""
    service, reading = await reading_of(request)
    row = await service.pool.fetchrow(QUERIES.one_finding, id) if is_write_id(id) else None
    role = None if row is None else reading.role(row["unit"], row["team"], row["severity"])
    if row is None or role is None:
        raise NotFound
    return Opening(reading, row, role)


async def _private(service: Service, id: str, answers: dict[str, str]) -> dict[str, Any]:
    opened = await privates_of(service, [id, *answers.values()])
    return opened[id] | {name: opened[event] for name, event in answers.items() if opened[event]}


async def privates_of(service: Service, events: list[str]) -> dict[str, dict[str, Any]]:
    """The private parts of events, by group; an erased or lost one is null, and `erased` or `lost` says since when."""
    opened: dict[str, dict[str, Any]] = {event: {} for event in events}
    for row in await service.pool.fetch(QUERIES.parts, events):
        shown, group = opened[row["event_id"]], row["grp"]
        fate = "erased" if row["erased_at"] is not None else "lost" if row["lost_at"] is not None else None
        if fate is not None:
            shown.setdefault(fate, {})[group] = rfc3339(row[f"{fate}_at"])
        if not group.startswith("photo."):
            shown[group] = None if fate is not None else _opened(service, row)
    return opened


async def private_of(service: Service, event: str) -> dict[str, Any]:
    """The private parts of one event, by group."""
    return (await privates_of(service, [event]))[event]


def _opened(service: Service, row: asyncpg.Record) -> Any:
    content = service.vault.open(Sealed(row["event_id"], row["grp"], row["wrapped_key"], row["sealed"]))[1]
    return json.loads(content) if row["grp"] in _STRUCTURED else content.decode()


async def erasures(request: Request, state: Short = None, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Requests to erase private parts, newest first, with the reasons given."""
    service, caller = await _caller(request)
    now = service.clock.now()
    directory, reach = await _directory(service), Some()
    for grant in caller.require(Action.READ_ERASURES, now):
        reach.add(grant, directory, local_date(now))
    headed = Reading(caller, directory, now).headed()
    rows = await service.pool.fetch(
        QUERIES.list_erasures, _before(cursor), state, reach.everywhere, list(reach.units),
        headed.everywhere, list(headed.units), limit + 1,
    )  # fmt: skip
    writes = [write for row in rows for write in (row["id"], row["settlement"]) if write is not None]
    reasons = await privates_of(service, writes)
    return _page([_erasure(row, directory, reasons) for row in rows], limit, "id")


async def devices(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """Phones with what never came of their chains: one's own, and those of the teams in reach."""
    service, caller = await _caller(request)
    now = service.clock.now()
    directory, reach = await _directory(service), Some()
    grants = caller.require(Action.READ_DEVICES, now)
    for grant in grants:
        if grant.role is not Role.INSPECTOR:
            reach.add(grant, directory, local_date(now))
    rows = await service.pool.fetch(QUERIES.team_accounts, list(reach.units), reach.everywhere)
    accounts = {caller.account, *(row["account"] for row in rows)}
    everybody = any(MATRIX[Action.READ_DEVICES][grant.role] is Reach.ALL and grant.unit is None for grant in grants)
    phones = await service.pool.fetch(
        QUERIES.devices, list(accounts), everybody, _BEGINNING, _before(cursor), limit + 1
    )  # fmt: skip
    return _page([_device(row) for row in phones], limit, "device")


def _device(row: asyncpg.Record) -> dict[str, Any]:
    """A phone, with at most 100 of the numbers that never came."""
    ranges: list[tuple[int, int]] = json.loads(row["gaps"])
    missing = [n for first, last in ranges[:100] for n in range(first, min(last, first + 99) + 1)]
    return {
        "device": row["id"], "account": row["account"], "registered_at": rfc3339(row["registered_at"]),
        "last_n": row["last_n"], "last_received_at": row["last_received_at"] and rfc3339(row["last_received_at"]),
        "waiting": row["waiting"], "missing": missing[:100], "missing_count": row["missing_count"],
        "broken": row["broken"], "forked": row["forked"],
    }  # fmt: skip


def _erasure(row: asyncpg.Record, directory: Directory, reasons: dict[str, dict[str, Any]]) -> dict[str, Any]:
    event = json.loads(base64.b64decode(json.loads(row["answer"])["event"]))
    private = reasons[row["id"]]
    if refusal := reasons.get(row["settlement"]):
        private = private | {"refusal": refusal}
    return {
        "id": row["id"], "event": row["event"], "unit": row["unit"],
        "unit_name": unit_name(directory, row["unit"], row["requested_at"]),
        "parts": row["parts"], "state": row["state"],
        "about": {"type": event["type"], "subject": event["subject"], "time": event["time"]},
        "requester": row["requester"], "requested_at": rfc3339(row["requested_at"]),
        "settled_at": row["settled_at"] and rfc3339(row["settled_at"]), "private": private,
    }  # fmt: skip


async def _days_left(service: Service) -> DaysLeft:
    async with service.pool.acquire() as connection:
        return DaysLeft(await service.writes.calendar.current(connection), service.clock.now())


def _inspection(row: asyncpg.Record, reading: Reading, left: DaysLeft) -> dict[str, Any]:
    shown = {
        "id": row["id"], "unit": row["unit"], "unit_name": unit_name(reading.directory, row["unit"], row["opened_at"]),
        "kind": row["kind"], "basis": row["basis"], "opened_at": rfc3339(row["opened_at"]), "quarter": row["quarter"],
        "catalogue": row["catalogue"], "received_at": rfc3339(row["received_at"]), "state": row["state"],
        "closed_at": row["closed_at"] and rfc3339(row["closed_at"]),
        "reply_due": row["reply_due"] and rfc3339(row["reply_due"]), "acknowledged": row["acknowledged"],
        "roll": row["roll"] and json.loads(row["roll"]), "mine": reading.caller.account in row["team"],
        "found": json.loads(row["found"]), "working_days_left": left(row["reply_due"]),
    }  # fmt: skip
    if reading.knows_people(row["unit"], row["team"]):
        shown |= {"opener": row["opener"], "team": row["team"]}
    return shown


def _finding(
    row: asyncpg.Record, reading: Reading, team: Sequence[str], left: DaysLeft, language: Language
) -> dict[str, Any]:
    manifest, held = json.loads(row["photos"]), sorted(map(int, json.loads(row["held"])))
    shown = {
        "id": row["id"], "inspection": row["inspection"], "unit": row["unit"],
        "unit_name": unit_name(reading.directory, row["unit"], row["captured_at"]), "code": row["code"],
        "catalogue": row["catalogue"],
        "severity": row["severity"], "count": row["count"], "captured_at": rfc3339(row["captured_at"]),
        "received_at": rfc3339(row["received_at"]), "photos": len(manifest), "photos_held": held,
        "complete": not missing_photos(manifest, held), "state": row["state"],
        "accepts": row["accepts"], "outcome": row["outcome"],
        "reply_due": row["reply_due"] and rfc3339(row["reply_due"]), "working_days_left": left(row["reply_due"]),
        "settled": settled(row), "state_label": label(row, language),
    }  # fmt: skip
    if reading.knows_people(row["unit"], team):
        shown["filer"] = row["filer"]
    return shown


def unit_name(directory: Directory, unit: str, instant: Any) -> str:
    """A unit's name on the day of an instant, told from others of that name; its id where it had none."""
    return directory.label(unit, local_date(instant))


def _page(listed: list[dict[str, Any]], limit: int, key: str) -> Response:
    more = len(listed) > limit
    listed = listed[:limit]
    following = base64.urlsafe_b64encode(listed[-1][key].encode()).decode() if more else None
    return JSONResponse({"items": listed, "next": following})


def _read_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, ValueError):
        raise _bad_cursor() from None


def _before(cursor: str | None) -> str:
    key = _read_cursor(cursor)
    if key is not None and not is_write_id(key):
        raise _bad_cursor()
    return key or _LAST


def _bad_cursor() -> Exception:
    return invalid(
        "/cursor", "không phải con trỏ của danh sách này; hãy đọc lại từ đầu", "is no cursor of this list; begin anew"
    )
