"""Whom a deadline is told to: the unit before it passes, those above once it has. The system's events, each once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import asyncpg

from services.domain.calendar import CalendarEnded, WorkingCalendar, end_of
from services.domain.deadlines import Deadlines, Kind, lengths_on
from services.domain.units import Directory
from services.intake.cases.store import QUERIES
from services.intake.writing.events import Event, Numbers, system_event
from services.intake.writing.service import Service
from services.intake.writing.storing import lock_units, store_writes
from services.kernel.envelope import derived_id
from services.kernel.process.failpoints import failpoint
from services.kernel.quarters import ICT, local_date, rfc3339
from services.kernel.store.db import Connection, columns, transaction

REMINDED = {Kind.REPLY: "kycuong.finding.reminded.v1", Kind.REMEDY: "kycuong.remedy.reminded.v1"}
ESCALATED = "kycuong.finding.escalated.v1"
PARENT, DEPARTMENT = 1, 2
_AT_ONCE = 1_000
_MORNING = time(7, tzinfo=ICT)
_DAY = timedelta(days=1)
_BEGINS = timedelta(hours=7)
Some = Callable[[Connection], Awaitable[int]]


async def remind(service: Service, now: datetime) -> int:
    """Tell units of the deadlines that end within the days of a reminder; returns how many."""

    async def some(connection: Connection) -> int:
        calendar = await service.calendar(connection)
        lengths = lengths_on(service.lengths, local_date(now), calendar.reply_working_days)
        until = reminded_until(calendar, lengths, now)
        rows = await connection.fetch(QUERIES.reminding, now, until, _AT_ONCE)
        if rows:
            await _remind(connection, service, rows, until, calendar, lengths)
        return len(rows)

    return await _all(service, some)


async def escalate(service: Service, now: datetime) -> int:
    """Tell the unit above of what has lapsed, and after some days the Department; returns how many were looked at."""

    async def some(connection: Connection) -> int:
        calendar = await service.calendar(connection)
        lengths = lengths_on(service.lengths, local_date(now), calendar.reply_working_days)
        since = escalated_since(calendar, lengths, now)
        rows = await connection.fetch(QUERIES.escalating, now, since, _AT_ONCE)
        if rows:
            await _escalate(connection, service, rows, await service.directory(connection), calendar, lengths, now)
        return len(rows)

    return await _all(service, some)


async def _all(service: Service, some: Some) -> int:
    total = 0
    while True:
        async with transaction(service.pool) as connection:
            count = await some(connection)
            failpoint("intake.before_told")
            # a crash here leaves these untold and unmarked; the next look makes the same events
        if not count:
            return total
        total += count
        service.wake()


def reminded_until(calendar: WorkingCalendar, lengths: Deadlines, now: datetime) -> datetime:
    """Up to which deadline units are reminded by now: from 7 o'clock so many working days before it."""
    try:
        return end_of(calendar.add_working_days(local_date(now - _BEGINS), lengths.remind))
    except CalendarEnded:
        return end_of(calendar.ends)  # no deadline was given past it


def reminded_at(calendar: WorkingCalendar, lengths: Deadlines, due: datetime) -> datetime:
    """When a deadline's reminder is: the morning of the day so many working days before its own."""
    day, left = local_date(due), lengths.remind
    while left > 0 or not calendar.is_working(day):
        left -= calendar.is_working(day)
        day -= _DAY
    return datetime.combine(day, _MORNING)


def escalated_since(calendar: WorkingCalendar, lengths: Deadlines, now: datetime) -> datetime:
    """Before which instant a deadline passed of which the Department is told by now: so many working days are over."""
    day, left = local_date(now), lengths.escalate
    while left > 0:
        day -= _DAY
        left -= calendar.is_working(day)
    return datetime.combine(day, time(tzinfo=ICT))


async def _remind(
    connection: Connection, service: Service, rows: Sequence[asyncpg.Record], until: datetime,
    calendar: WorkingCalendar, lengths: Deadlines,
) -> None:  # fmt: skip
    numbers = Numbers(await lock_units(connection, {row["unit"] for row in rows}))
    near = [(row["finding"], row["kind"], row["n"]) for row in rows]
    told = await connection.fetch(QUERIES.remind, *columns(near, 3), until)
    events, steps = list[Event](), list[tuple[str, str, str, datetime]]()
    for row in sorted(told, key=_order):
        kind, at = Kind(row["kind"]), max(reminded_at(calendar, lengths, row["due"]), row["begins"])
        event = _event(service, numbers, row, REMINDED[kind], row["n"], at, {"n": row["n"]})
        events.append(event)
        steps.append(_step(row, event, REMINDED[kind], at))
    await _store(connection, service, events, steps, numbers)


async def _escalate(
    connection: Connection, service: Service, rows: Sequence[asyncpg.Record], directory: Directory,
    calendar: WorkingCalendar, lengths: Deadlines, now: datetime,
) -> None:  # fmt: skip
    """Where nobody stands above the unit that answers, only the Department is told."""
    today, units = local_date(now), {row["unit"] for row in rows}
    headed = {unit for unit in units if directory.parent_of(directory.answering(unit, today), today) is not None}
    numbers = Numbers(await lock_units(connection, units))
    late = [(row["finding"], row["kind"], row["n"], row["step"]) for row in rows]
    events, steps = list[Event](), list[tuple[str, str, str, datetime]]()
    for row in sorted(await connection.fetch(QUERIES.escalate, *columns(late, 4)), key=_order):
        if row["step"] == PARENT and row["unit"] not in headed:
            continue
        at = row["due"] if row["step"] == PARENT else escalated_at(calendar, lengths, row["due"])
        told = {"of": row["kind"], "to": "parent" if row["step"] == PARENT else "department"}
        event = _event(service, numbers, row, ESCALATED, escalation(row["kind"], row["n"], row["step"]), at, told)
        events.append(event)
        steps.append(_step(row, event, ESCALATED, at))
    await _store(connection, service, events, steps, numbers)


def escalation(kind: str, n: int, step: int) -> int:
    """The number of an escalation's derived id: four for each number of a deadline, first those of a reply's."""
    return 4 * (n - 1) + 2 * (kind == Kind.REMEDY) + step


def escalated_at(calendar: WorkingCalendar, lengths: Deadlines, due: datetime) -> datetime:
    """When the Department is told of a lapse."""
    return calendar.over(due, lengths.escalate)


async def _store(
    connection: Connection, service: Service, events: Sequence[Event], steps: Sequence[tuple[str, str, str, datetime]],
    numbers: Numbers,
) -> None:  # fmt: skip
    if events:
        await store_writes(connection, [], events, numbers, service.clock.now())
        await connection.execute(QUERIES.add_steps_after, *columns(steps, 4))


def _event(
    service: Service, numbers: Numbers, row: asyncpg.Record, type: str, n: int, at: datetime, told: Mapping[str, Any]
) -> Event:
    data = {"finding": row["finding"], "inspection": row["inspection"], "due": rfc3339(row["due"]), **told}
    return system_event(
        service.settings.source, derived_id(row["finding"], type, n), type, f"finding/{row['finding']}", at,
        row["unit"], numbers.next(row["unit"]), data,
    )  # fmt: skip


def _step(row: asyncpg.Record, event: Event, type: str, at: datetime) -> tuple[str, str, str, datetime]:
    return row["finding"], event.id, type.removeprefix("kycuong.").removesuffix(".v1"), at


def _order(row: asyncpg.Record) -> tuple[datetime, str, str]:
    return row["due"], row["finding"], row["kind"]
