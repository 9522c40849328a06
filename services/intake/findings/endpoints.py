"""Findings, listed and one by one, as far as the caller reads them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Query, Request
from starlette.responses import JSONResponse, Response

from services.domain.calendar import DaysLeft
from services.domain.case import LIGHT, SCORED, Command, State, is_kept, named, settled
from services.domain.case import shown as shown_state
from services.domain.deadlines import Kind
from services.domain.remedy import Remedy
from services.domain.words import EVENTS, case_label
from services.intake.findings.may import deadlines, may, offered, untelling
from services.intake.findings.state import Finding, Step
from services.intake.findings.store import finding_of, with_cases
from services.intake.reading.paging import FIRST, Cursor, Limit, Short, before, next_id, paged
from services.intake.reading.private import Reason, note_reading, privates_of
from services.intake.reading.reach import Reading, reading
from services.intake.reading.searching import Sought, sought
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.forms import is_write_id
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role, allows
from services.kernel.problems import Language, NotFound, invalid, language_of
from services.kernel.quarters import rfc3339
from services.kernel.store.sql import load_queries
from services.kernel.strict_json import is_blank

_PARTS = {
    "finding.withdrawn": "withdrawal", "finding.replied": "reply", "finding.decided": "decision",
    "finding.answered": "answer",
    "finding.corrected": "correction", "finding.released": "release", "finding.extended": "extension",
    "finding.extension_requested": "extension-request", "finding.appealed": "appeal", "finding.reopened": "reopening",
    "remedy.planned": "remedy-plan", "remedy.reported": "remedy-report", "remedy.verified": "remedy-verification",
    "remedy.refused": "remedy-verification", "remedy.extended": "extension",
    "remedy.extension_requested": "extension-request",
}  # fmt: skip
"""The noun of the write that each kind of a person's step came by."""
_CORRECTED = ("narrative", "persons")
Blind = Annotated[bool, Query(description="as it stood before its first decision, for who is to review it once more")]
QUERIES = _sql = load_queries(Path(__file__).with_name("queries.sql"))
FINDINGS, OF_INSPECTIONS = with_cases(_sql.findings), with_cases(_sql.findings_of_inspections)


def install(app: FastAPI) -> None:
    """Add the routes."""
    for path, endpoint in (("/intake/v1/findings", findings), ("/intake/v1/findings/{id}", finding)):
        app.get(path, response_class=JSONResponse, openapi_extra=allows(Action.READ_CASE))(endpoint)


async def findings(
    request: Request,
    inspection: Short = None,
    unit: Short = None,
    state: Short = None,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Findings the caller may read, newest first."""
    async with reading(request, Action.READ_CASE) as reader:
        if inspection is not None and not is_write_id(inspection):
            raise invalid("/inspection", "phải là UUIDv7 viết thường", "must be a UUIDv7 in lower case")
        states = named(state) if state is not None else None
        words = sought(q, reader.directory, reader.service.catalogues)
        rows = await _rows(reader, FIRST, before(cursor), limit + 1, inspection, unit, states, words)
        listed = await _listed(reader, rows, reader.days_left(), language_of(request.headers))
    return paged([shown for _, shown in listed], limit)


async def finding(request: Request, id: str, reason: Reason, blind: Blind = False) -> Response:
    """One finding with its private part; an auditor gives a reason to open that, and each opening is logged.

    `blind`, of one drawn for a second review: as it stood before it was decided; to have it so is not to have read it.
    """
    return JSONResponse(await opened(request, id, language_of(request.headers), reason=reason, blind=blind))


async def opened(
    request: Request, id: str, language: Language, *, reason: str | None = None, blind: bool = False
) -> dict[str, Any]:
    """One finding as the caller reads it, in words of a language; that he has opened it is noted."""
    async with reading(request, Action.READ_CASE) as reader:
        row, role = await known_finding(reader, id)
        left, apart, found = reader.days_left(), await _apart(reader, [row]), finding_of(row)
        as_asked = dict(row) | {"blind": row["blind"] and blind}
        shown = _shown(as_asked, found, reader, left, apart, language)
        history = await reader.connection.fetch(_sql.history, id)
        steps = found.steps
        if blind:
            if "second-review" not in shown["may"]:
                raise NotFound
            steps = _undecided(steps)
            history = history[: len(steps) + 1]
        shown |= {"answers": _answers(steps), "history": [_told(step, language) for step in history]}
        opens = role is not Role.AUDITOR or not is_blank(reason or "")
        shown["redactions"] = [_covered(one) for one in await reader.connection.fetch(_sql.redactions, id)]
        sends = reader.answers_for(row["unit"]) and State.VOIDED not in (row["state"], row["stage"])
        rows = await reader.connection.fetch(_sql.files_of_finding, id)
        files = [dict(one) | {"awaited": sends and one["awaited"]} for one in rows]
        shown["files"] = _before(steps, files) if blind else files
        if opens:
            shown |= await _opened(reader, shown, row["severity"])
    if opens:
        await note_reading(reader, role, finding=id, reason=reason, part="blind" if blind else None)
    return shown


def _covered(redaction: Mapping[str, Any]) -> dict[str, Any]:
    return dict(redaction) | {"boxes": json.loads(redaction["boxes"])}


def _undecided(steps: Sequence[Step]) -> list[Step]:
    """What became of a finding before it was first decided."""
    return list(takewhile(lambda step: step.type != "finding.decided", steps))


def _before(steps: Sequence[Step], files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files of some steps' writes: those of a remedy's report would tell how it was decided."""
    writes = {step.event for step in steps}
    return [one for one in files if one["write"] in writes]


def _answers(steps: Iterable[Step]) -> dict[str, str]:
    """The newest write of each noun that a person's step came by."""
    return {_PARTS[step.type]: step.event for step in steps if step.type in _PARTS and step.event is not None}


def _told(step: Mapping[str, Any], language: Language) -> dict[str, Any]:
    vi, en = EVENTS.get(step["type"], (step["type"], step["type"]))
    return {
        "type": f"kycuong.{step['type']}.v1", "time": rfc3339(step["at"]), "index": step["index"], "role": step["role"],
        "id": step["event"], "label": en if language == "en" else vi,
    }  # fmt: skip


async def known_finding(reader: Reading, id: str) -> tuple[asyncpg.Record, Role]:
    """A finding, and as whom the caller reads it; NotFound when it is not for him."""
    for row in await _rows(reader, id, next_id(id), 1) if is_write_id(id) else ():
        if role := reader.role(row["unit"], row["team"], kept=is_kept(row["severity"], row["released"])):
            return row, role
    raise NotFound


async def _rows(
    reader: Reading,
    first: str,
    end: str,
    most: int | None,
    inspection: str | None = None,
    unit: str | None = None,
    states: list[str] | None = None,
    words: str | None = None,
) -> list[asyncpg.Record]:
    """Those from one id on and before another that the caller may read, the newest first."""
    return list(await reader.connection.fetch(
        FINDINGS, first, end, most, reader.caller.account, *reader.reach(), inspection, unit, states, words,
    ))  # fmt: skip


async def of_inspections(
    reader: Reading, inspections: Sequence[str], left: DaysLeft, language: Language
) -> list[tuple[Finding, dict[str, Any]]]:
    """All findings of some inspections that the caller may read, each as it stands and as it is shown."""
    account, reach = reader.caller.account, reader.reach()
    rows = await reader.connection.fetch(OF_INSPECTIONS, inspections, account, *reach)
    return await _listed(reader, rows, left, language)


async def _listed(
    reader: Reading, rows: Sequence[asyncpg.Record], left: DaysLeft, language: Language
) -> list[tuple[Finding, dict[str, Any]]]:
    apart, found = await _apart(reader, rows), map(finding_of, rows)
    return [(one, _shown(row, one, reader, left, apart, language)) for row, one in zip(rows, found, strict=True)]


async def _opened(reader: Reading, shown: Mapping[str, Any], severity: int) -> dict[str, Any]:
    """The private parts of a finding and of its newest steps; those of each step stand in its history, too."""
    opened = await privates_of(reader, [step["id"] for step in shown["history"] if step["id"] is not None])
    private = dict(opened[shown["id"]])
    answers = {name: opened[event] for name, event in shown["answers"].items() if opened[event]}
    for step in shown["history"]:
        if step["type"] == "kycuong.finding.corrected.v1":
            private |= {name: part for name, part in opened[step["id"]].items() if name in _CORRECTED}
    if severity == LIGHT:
        private.pop("persons", None)  # corrected from what named persons to what is counted only
    history = [step | ({"private": parts} if (parts := opened.get(step["id"])) else {}) for step in shown["history"]]
    return {"private": private | answers, "history": history}


async def _apart(reader: Reading, rows: Iterable[asyncpg.Record]) -> set[str]:
    """Of whose lost persons the caller is certainly none: by quarter, of those that a restore left unknown."""
    quarters = {row["quarter"] for row in rows if any(map(is_lost, (*row["team"], *row["former"], row["filer"])))}
    if not quarters:
        return set()
    found = await reader.connection.fetch(VAULT.apart, [reader.caller.account], list(quarters))
    return {row["quarter"] for row in found}


def _reply_due(row: Mapping[str, Any], finding: Finding) -> datetime | None:
    """Its newest window's end; what takes no answer shows that of its inspection."""
    newest = finding.clock(Kind.REPLY)
    if newest is not None:
        return newest.due
    told: datetime | None = None if finding.severity in SCORED else row["told_due"]
    return told


def _unheard(row: Mapping[str, Any], finding: Finding) -> bool:
    """Whether what is told of it changes without an event: photos come, somebody reads it, a lost name is found."""
    people = (*row["team"], *row["former"], finding.filer, *(step.account or "" for step in finding.steps))
    return row["blind"] or bool(finding.missing) or any(map(is_lost, people))


def _shown(
    row: Mapping[str, Any], finding: Finding, reader: Reading, left: DaysLeft, apart: Collection[str],
    language: Language,
) -> dict[str, Any]:  # fmt: skip
    if _unheard(row, finding):
        reader.unheard()
    permitted, reply_due = may(reader, row, finding, apart, left.calendar), _reply_due(row, finding)
    where = (finding.severity, finding.state, finding.accepts)
    until = deadlines(finding, left.calendar, reader)
    shown = {
        "id": finding.id, "inspection": finding.inspection, "unit": finding.unit,
        "unit_name": reader.unit_name(finding.unit, finding.captured_at), "code": finding.code,
        "catalogue": finding.catalogue,
        "severity": finding.severity, "count": finding.count, "captured_at": rfc3339(finding.captured_at),
        "received_at": rfc3339(finding.received_at), "photos": len(finding.photos),
        "photos_held": sorted(finding.held), "complete": not finding.missing, "state": shown_state(finding.state),
        "accepts": finding.accepts, "outcome": finding.outcome, "released": finding.released,
        "remedy": finding.remedy, "reply_due": reply_due and rfc3339(reply_due), "working_days_left": left(reply_due),
        "settled": settled(*where), "state_label": case_label(*where, finding.outcome, language),
        "deadlines": until, "may": permitted,
        "outcomes": offered(finding) if Command.DECISION in permitted else [],
    }  # fmt: skip
    if "second-review" in permitted:  # who is to judge for himself is not told how it was judged
        told = [one for one in until if one["of"] == Kind.REPLY]
        judged = case_label(finding.severity, State.DECIDED, finding.accepts, None, language)
        hidden = {"outcome": None, "remedy": Remedy.NONE, "deadlines": told, "may": untelling(permitted)}
        shown |= hidden | {"state": State.DECIDED, "state_label": judged}  # only what was upheld is appealed
    if reader.knows_people(finding.unit, row["team"]):
        shown["filer"] = finding.filer
    return shown
