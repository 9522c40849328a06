"""Which of a batch's events enter the log, in which order, and what happens to the others. Pure.

Known id: same bytes, nothing to do; other bytes, a conflict. `unitseq` next of its unit: append; higher: hold until
the missing one arrives; at or below the last with an unknown id: stale, never append.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.audit.records import Event, Reason, Refusal


@dataclass(slots=True)
class Arrangement:
    """What one transaction writes."""

    appended: list[Event] = field(default_factory=list)
    held: list[Event] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    units: dict[str, int] = field(default_factory=dict)


def arrange(
    events: Iterable[Event],
    *,
    known: Mapping[str, bytes],
    units: Mapping[str, int],
    waiting: Iterable[Event],
    source: str,
) -> Arrangement:
    """Arrange a batch, given known ids' leaf hashes, each unit's last unitseq and what is held for those units."""
    arranger = _Arranger(known, units, waiting)
    for event in events:
        if event.source == source:
            arranger.take(event)
        else:
            arranger.refuse(event, "foreign")
    return arranger.finish()


def doubtful(events: Iterable[Event], units: Mapping[str, int]) -> list[str]:
    """The ids that may be in the log already: all but those of events that are the very next of their unit."""
    last: dict[str, int] = {}
    found = []
    for event in events:
        if event.unitseq == last.get(event.unit, units.get(event.unit, 0)) + 1:
            last[event.unit] = event.unitseq
        else:
            found.append(event.id)
    return found


class _Arranger:
    def __init__(self, known: Mapping[str, bytes], units: Mapping[str, int], waiting: Iterable[Event]) -> None:
        self._known = dict(known)
        self._last = dict(units)
        self._result = Arrangement()
        self._before: set[str] = set()
        self._waiting: dict[str, Event] = {}
        self._queues: dict[tuple[str, int], list[Event]] = defaultdict(list)
        for event in waiting:
            self._before.add(event.id)
            self._wait(event)

    def take(self, event: Event) -> None:
        """Place one event of our own."""
        waiting = self._waiting.get(event.id)
        leaf = waiting.leaf if waiting else self._known.get(event.id)
        last = self._last.get(event.unit, 0)
        if leaf is not None:
            if leaf != event.leaf:
                self.refuse(event, "conflict")
        elif event.unitseq <= last:
            self.refuse(event, "stale")
        elif event.unitseq > last + 1:
            self._wait(event)
        else:
            self._append(event)
            self._release(event.unit)

    def refuse(self, event: Event, reason: Reason) -> None:
        """Record that an event will never be appended."""
        self._result.refusals.append(Refusal(event.id, event.unit, event.unitseq, reason, event.raw))

    def finish(self) -> Arrangement:
        """The arrangement; only what was not held before is newly held, only what was held before is released."""
        result = self._result
        result.held = [event for event in self._waiting.values() if event.id not in self._before]
        result.released = [held for held in self._before if held not in self._waiting]
        return result

    def _append(self, event: Event) -> None:
        self._known[event.id] = event.leaf
        self._last[event.unit] = self._result.units[event.unit] = event.unitseq
        self._result.appended.append(event)

    def _wait(self, event: Event) -> None:
        self._waiting[event.id] = event
        self._queues[event.unit, event.unitseq].append(event)

    def _release(self, unit: str) -> None:
        """Append what waited for this; two that waited for one place cannot both be right: the first has it."""
        while queue := self._queues.pop((unit, self._last[unit] + 1), None):
            for event in queue:
                del self._waiting[event.id]
            self._append(queue[0])
            for event in queue[1:]:
                self.refuse(event, "stale")
