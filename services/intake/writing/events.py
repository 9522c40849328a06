"""Making the bytes of a write: its event, the events that follow, the sealed parts and the answer, all made once."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from services.intake.vault.pseudonyms import Naming
from services.intake.vault.sealing import Sealed, Vault
from services.intake.writing.accepted import Accepted, Passed
from services.intake.writing.commands import Command
from services.intake.writing.world import LOST, is_lost
from services.kernel.envelope import canonical, derived_id, event_bytes
from services.kernel.quarters import rfc3339

NEW_UNIT = -1
SYSTEM = {"role": "system"}


class Event(NamedTuple):
    """One event as the outbox takes it: its columns, in their order."""

    id: str
    unit: str
    unitseq: int
    bytes: bytes
    traceparent: str | None = None
    tracestate: str | None = None
    barrier: bool = False


class Numbers:
    """The next `unitseq` of each locked unit."""

    def __init__(self, last: Mapping[str, int]) -> None:
        self._last = dict(last)
        self._before = dict(last)
        self.moved: dict[str, int] = {}

    def begin(self, unit: str) -> None:
        """Count a unit that this batch registers."""
        self._last[unit], self._before[unit] = 0, NEW_UNIT

    def before(self) -> list[int]:
        """What the numbers of the moved units were; NEW_UNIT for a new one."""
        return [self._before[unit] for unit in self.moved]

    def next(self, unit: str) -> int:
        """The unit's next number, from 1 without gaps; KeyError for a unit that is not locked."""
        number = self._last[unit] = self._last[unit] + 1
        self.moved[unit] = number
        return number


class Maker:
    """Makes a batch's bytes."""

    def __init__(self, source: str, vault: Vault, numbers: Numbers, naming: Naming) -> None:
        self._source, self._vault, self._numbers, self._naming = source, vault, numbers, naming
        self.events: list[Event] = []
        self.parts: list[Sealed] = []

    def make(self, accepted: Accepted, command: Command, received_at: datetime) -> bytes:
        """Make an accepted write's events and sealed parts; returns the bytes of its answer.

        EventTooLarge when an event exceeds 16 KiB.
        """
        if not command.noun.logged:
            self._seal(command.id, accepted.parts)
            self._add_consequence(accepted, received_at)
            return _answer(accepted, command, received_at, None)
        by = {"role": accepted.role.value, "ref": self._naming.ref(accepted.account, accepted.quarter)}
        data: dict[str, Any] = {**accepted.data, "by": by}
        for name, accounts in accepted.people.items():
            data[name] = [self._ref(account, accepted.quarter) for account in accounts]
        if accepted.private:
            data["commitments"] = self._seal(command.id, accepted.parts)
        for told in accepted.before:
            number = self._numbers.next(accepted.unit)
            self.events.append(passed_event(self._source, told, accepted.subject, accepted.unit, number))
        first = self._event(command.id, accepted, command, accepted.unit, accepted.subject, data, received_at)
        for number, further in enumerate(accepted.further, start=1):
            derived = derived_id(command.id, accepted.type, number)
            more = {**further.data, "by": by}
            self._event(derived, accepted, command, further.unit, f"unit/{further.unit}", more, received_at)
        return _answer(accepted, command, received_at, first)

    def _ref(self, account: str, quarter: str) -> str:
        """An account's pseudonym; of a person whom only the log still knows, the one that it has."""
        return account.removeprefix(LOST) if is_lost(account) else self._naming.ref(account, quarter)

    def _add_consequence(self, accepted: Accepted, time: datetime) -> None:
        if accepted.consequence is not None:
            told, unit = accepted.consequence, accepted.unit
            self.events.append(
                system_event(
                    self._source, told.id, accepted.type, accepted.subject, time, unit, self._numbers.next(unit),
                    told.data,
                )
            )  # fmt: skip

    def _seal(self, event_id: str, parts: Mapping[str, bytes]) -> dict[str, str]:
        commitments: dict[str, str] = {}
        for group, content in parts.items():
            sealed, commitment = self._vault.seal(event_id, group, content)
            self.parts.append(sealed)
            commitments[group] = commitment.hex()
        return commitments

    def _event(
        self,
        id: str,
        accepted: Accepted,
        command: Command,
        unit: str,
        subject: str,
        data: Mapping[str, Any],
        time: datetime,
    ) -> Event:
        number = self._numbers.next(unit)
        raw = event_bytes(
            id=id,
            type=accepted.type,
            source=self._source,
            subject=subject,
            time=time,
            unit=unit,
            unitseq=number,
            data=data,
        )
        event = Event(
            id=id,
            unit=unit,
            unitseq=number,
            bytes=raw,
            traceparent=command.traceparent,
            tracestate=command.tracestate,
            barrier=accepted.barrier,
        )
        self.events.append(event)
        return event


def _answer(accepted: Accepted, command: Command, received_at: datetime, event: Event | None) -> bytes:
    return answer_bytes(
        command.id, accepted.unit, accepted.state, rfc3339(received_at), accepted.flags, accepted.extra,
        (event.unitseq, event.bytes) if event is not None else None,
    )  # fmt: skip


def answer_bytes(
    id: str,
    unit: str,
    state: str,
    received_at: str,
    flags: Sequence[str],
    extra: Mapping[str, Any],
    event: tuple[int, bytes] | None,
) -> bytes:
    """The answer to a write; of one with an event, with the event's number and exact bytes."""
    answer: dict[str, Any] = {"id": id, "unit": unit}
    if event is not None:
        answer["unit_seq"] = event[0]
    answer |= {"state": state, "received_at": received_at, "flags": flags, **extra}
    if event is not None:
        answer |= {"event": base64.b64encode(event[1]).decode(), "receipt": f"/audit/v1/receipts/{id}"}
    return orjson.dumps(answer)


def beside(answer: bytes, once: Mapping[str, Any]) -> bytes:
    """An answer with what is shown this once."""
    return orjson.dumps(json.loads(answer) | once)


def renumbered(raw: bytes, unitseq: int) -> bytes:
    """An event's bytes under another number of its unit."""
    return canonical(json.loads(raw) | {"unitseq": unitseq})


def renumbered_answer(answer: bytes, unitseq: int, raw: bytes) -> bytes:
    """The answer to its write."""
    told = json.loads(answer) | {"unit_seq": unitseq, "event": base64.b64encode(raw).decode()}
    return orjson.dumps(told)


def system_event(
    source: str, id: str, type: str, subject: str, time: datetime, unit: str, unitseq: int, data: Mapping[str, Any]
) -> Event:
    """An event that no person caused; the system is its author."""
    raw = event_bytes(
        id=id,
        type=type,
        source=source,
        subject=subject,
        time=time,
        unit=unit,
        unitseq=unitseq,
        data={"by": SYSTEM, **data},
    )
    return Event(id=id, unit=unit, unitseq=unitseq, bytes=raw, barrier=subject.startswith("quarter/"))


def passed_event(source: str, told: Passed, subject: str, unit: str, unitseq: int) -> Event:
    """The event of a deadline that passed."""
    return system_event(source, told.id, told.type, subject, told.time, unit, unitseq, told.data)
