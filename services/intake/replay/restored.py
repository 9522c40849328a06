"""What a stretch of the log adds to the working state, as entry after entry is taken in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.intake.erasures.state import Erasure
from services.intake.inspections.state import Inspections
from services.intake.rounds.state import Rounds
from services.intake.writing.events import answer_bytes
from services.intake.writing.world import LOST, World
from services.kernel.envelope import Envelope
from services.kernel.quarters import local_date, parse_instant, quarter_of


@dataclass(slots=True)
class Restored:
    """What a stretch of the log adds to the working state, beside the state's own changes."""

    world: World
    accounts: Mapping[str, str]
    """Of the pseudonyms that are still known."""
    repeated: set[str] = field(default_factory=set)
    """Writes that the database knows all the same; what they changed stands."""
    successions: set[str] = field(default_factory=set)
    """Those that the unit tree holds."""
    writes: list[tuple[str, str, bytes, bytes, datetime]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    """Pseudonyms of persons who are lost, with their quarters."""
    numbers: dict[str, int] = field(default_factory=dict)
    erased: list[tuple[Erasure, datetime]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    """Findings whose photos the log says were held."""
    left: list[tuple[str, datetime]] = field(default_factory=list)
    """Tenures that ended."""

    def note_write(self, event: Envelope, raw: bytes, state: str, extra: Mapping[str, Any]) -> None:
        flags = event.data.get("flags", [])
        answer = answer_bytes(event.id, event.unit, state, event.time, flags, extra, (event.unitseq, raw))
        account = self.person(event.data["by"]["ref"], self.quarter(event))
        self.writes.append((event.id, account, b"", answer, parse_instant(event.time)))
        if event.id not in self.repeated:
            self.parts += [(event.id, group) for group in event.data.get("commitments", ())]

    def person(self, ref: str, quarter: str) -> str:
        """The account behind a pseudonym, or a name that no account can have."""
        if ref in self.accounts:
            return self.accounts[ref]
        self.refs[ref] = quarter
        return LOST + ref

    def quarter(self, event: Envelope) -> str:
        """The quarter of an event's pseudonyms: the inspection's, the round's first day's, else that of the event."""
        if event.type.startswith("kycuong.round."):
            known = self.world[Rounds].known.get(event.data["round"])
            return quarter_of(known.first if known else date.fromisoformat(event.data["from"]))
        inspection = self.world[Inspections].known.get(event.data.get("inspection", ""))
        return inspection.quarter if inspection else quarter_of(local_date(parse_instant(event.time)))


Told = tuple[str, dict[str, Any]] | None
"""State and own fields of the write's answer; None of an event that answers nobody."""
Handler = Callable[[Restored, Envelope], Told]
