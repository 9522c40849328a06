"""A log made in a test: real events, a real tree, real signed checkpoints, without intake or audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.domain.rulefiles import genesis
from services.kernel.envelope import derived_id, event_bytes, genesis_id
from services.kernel.feed.entries import Covered
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint, Signer, Verifier
from services.kernel.quarters import local_date, parse_instant, quarter_of, rfc3339
from tests.support.schemas import validate_event

ORIGIN = "kycuong.local/0123456789ab"
REF = "00" * 16
HASH = "ab" * 32
DUE = "2026-09-09T16:59:59.999Z"
SEVERITY = {code["code"]: code["severity"] for code in genesis()[0].data["codes"]}
CODES = sorted(SEVERITY)


@dataclass
class MadeLog:
    """Appends events as intake words them; `checked=False` spares the schema check where thousands are made."""

    checked: bool = True
    now: datetime = field(default_factory=lambda: datetime(2026, 1, 2, 1, tzinfo=UTC))
    entries: list[bytes] = field(default_factory=list)
    traces: list[str | None] = field(default_factory=list)
    signer: Signer = field(default_factory=lambda: Signer.generate(ORIGIN))
    trace: str | None = None
    _seq: dict[str, int] = field(default_factory=dict)
    _ids: int = 0

    def new_id(self) -> str:
        """A fresh id, the same in every run."""
        self._ids += 1
        return f"01990400-0000-7000-8000-{self._ids:012x}"

    def append(
        self,
        kind: str,
        subject: str,
        unit: str,
        data: dict[str, Any],
        *,
        id: str | None = None,
        at: datetime | None = None,
    ) -> int:
        """Add one event; its index."""
        self.now += timedelta(seconds=1)
        self._seq[unit] = self._seq.get(unit, 0) + 1
        raw = event_bytes(
            id=id or self.new_id(), type=f"kycuong.{kind}.v1", source=f"//{ORIGIN}/intake", subject=subject,
            time=at or self.now, unit=unit, unitseq=self._seq[unit], data=data,
        )  # fmt: skip
        if self.checked:
            validate_event(raw)
        self.entries.append(raw)
        self.traces.append(self.trace)
        return len(self.entries) - 1

    def upto(self, size: int) -> MadeLog:
        """The log as it was at a size."""
        return replace(self, entries=self.entries[:size], traces=self.traces[:size])

    def covered(self, first: int = 0, size: int | None = None) -> Covered:
        """Entries from `first` up to a checkpoint of `size`, signed and opened again."""
        size = len(self.entries) if size is None else size
        checkpoint = Checkpoint.open(self.note(size), Verifier.parse(self.signer.vkey))
        return Covered(first, self.entries[first:size], self.traces[first:size], checkpoint, self.tree(size))

    def tree(self, size: int | None = None) -> CompactRange:
        """The tree of a prefix."""
        tree = CompactRange()
        tree.extend(leaf_hash(entry) for entry in self.entries[:size])
        return tree

    def note(self, size: int | None = None) -> str:
        """The signed checkpoint of a prefix."""
        tree = self.tree(size)
        return self.signer.sign(Checkpoint(ORIGIN, tree.size, tree.root()).text())

    def genesis(self) -> None:
        """The events of a first start."""
        for one in genesis():
            data = {"by": {"role": "system"}, **one.data}
            self.append(
                one.type.removeprefix("kycuong.").removesuffix(".v1"), one.subject, "-", data,
                id=genesis_id(one.type, one.version),
            )  # fmt: skip

    def register(
        self,
        unit: str,
        name: str | None = None,
        group: str = "xa",
        parent: str | None = None,
        since: str = "2025-07-01",
    ) -> int:
        """A unit."""
        data = {"by": _by("admin"), "name": name or f"UBND {unit}", "group": group, "parent": parent, "staff": 34}
        return self.append("unit.registered", f"unit/{unit}", unit, data | {"valid_from": since})

    def amend(self, unit: str, since: str, **changes: Any) -> int:
        """A unit's change."""
        return self.append("unit.amended", f"unit/{unit}", unit, {"by": _by("admin"), "valid_from": since, **changes})

    def close_unit(self, unit: str, last: str) -> int:
        """A unit's end."""
        return self.append("unit.closed", f"unit/{unit}", unit, {"by": _by("admin"), "valid_to": last})

    def succeed(self, kind: str, old: list[str], new: list[str], since: str, cases_to: str | None = None) -> None:
        """A succession: an event for each unit it touches."""
        cause = self.new_id()
        data: dict[str, Any] = {"by": _by("admin"), "kind": kind, "from": old, "to": new, "valid_from": since}
        data["basis"] = "NQ 202/2025/QH15"
        if cases_to:
            data["cases_to"] = cases_to
        for number, (side, unit) in enumerate([*(("from", unit) for unit in old), *(("to", unit) for unit in new)]):
            key = cause if number == 0 else derived_id(cause, "kycuong.unit.succeeded.v1", number)
            self.append("unit.succeeded", f"unit/{unit}", unit, data | {"side": side}, id=key)

    def open(
        self, unit: str, at: str = "2026-09-01T07:30:00+07:00", selection: str = "random", kind: str = "unannounced",
        team: Sequence[str] = (REF,),
    ) -> str:  # fmt: skip
        """An inspection; its id."""
        key = self.new_id()
        data = {
            "by": _by("inspector"), "inspection": key, "kind": kind, "selection": selection,
            "basis": "12/QĐ-SNV", "opened_at": at, "quarter": quarter_of(local_date(parse_instant(at))),
            "catalogue": "2026.1", "team": list(team), "flags": [],
        }  # fmt: skip
        self.append("inspection.opened", f"inspection/{key}", unit, data, id=key)
        return key

    def close(self, unit: str, inspection: str, persons: int = 45, files: int = 0) -> int:
        """An inspection's closing."""
        data = _roll("inspector", inspection, persons, files) | {"commitments": {"opinion": HASH}}
        return self.append("inspection.closed", f"inspection/{inspection}", unit, data)

    def acknowledge(self, unit: str, inspection: str) -> int:
        """The head's acknowledgement."""
        data = {"by": _by("unit_head"), "inspection": inspection}
        return self.append("inspection.acknowledged", f"inspection/{inspection}", unit, data)

    def record(self, unit: str, inspection: str, code: str, count: int = 1) -> str:
        """A finding; its id."""
        key = self.new_id()
        data = {
            "by": _by("inspector"), "finding": key, "inspection": inspection, "code": code, "catalogue": "2026.1",
            "severity": SEVERITY[code], "count": count, "captured_at": "2026-09-01T07:45:12+07:00", "photos": 0,
            "commitments": {"narrative": HASH}, "flags": [],
        }  # fmt: skip
        self.append("finding.recorded", f"finding/{key}", unit, data, id=key)
        return key

    def withdraw(self, unit: str, inspection: str, finding: str) -> int:
        """A withdrawal."""
        return self._about("withdrawn", unit, inspection, finding, "inspector", {"commitments": {"reason": HASH}})

    def reply(self, unit: str, inspection: str, finding: str, accepts: bool) -> int:
        """The head's reply."""
        said = {"accepts": accepts, "commitments": {"text": HASH}}
        return self._about("replied", unit, inspection, finding, "unit_head", said)

    def lapse(self, unit: str, inspection: str, finding: str) -> int:
        """A reply period that ended unanswered."""
        due = datetime(2026, 9, 9, 16, 59, 59, 999000, tzinfo=UTC)
        data = {"by": {"role": "system"}, "finding": finding, "inspection": inspection, "due": rfc3339(due)}
        key = derived_id(finding, "kycuong.finding.lapsed.v1", 1)
        return self.append("finding.lapsed", f"finding/{finding}", unit, data, id=key, at=due)

    def decide(self, unit: str, inspection: str, finding: str, outcome: str) -> int:
        """The reviewer's decision."""
        said = {"outcome": outcome, "commitments": {"reason": HASH}}
        return self._about("decided", unit, inspection, finding, "reviewer", said)

    def second_review(self, inspection: str, finding: str, outcome: str) -> int:
        """What a reviewer would have decided who did not see the decision."""
        said = {"outcome": outcome, "commitments": {"reason": HASH}}
        return self._about("second_reviewed", "-", inspection, finding, "reviewer", said)

    def put_right(
        self, unit: str, inspection: str, finding: str, code: str, count: int = 1, due: str | None = None
    ) -> int:
        """The correction of a finding; `due` where the unit may answer anew."""
        said = {
            "code": code, "catalogue": "2026.1", "severity": SEVERITY[code], "count": count, "flags": [],
            "captured_at": "2026-09-01T07:45:12+07:00", "commitments": {"reason": HASH},
        }  # fmt: skip
        return self._about("corrected", unit, inspection, finding, "lead", said | ({"reply_due": due} if due else {}))

    def release(self, unit: str, inspection: str, finding: str) -> int:
        """A severity 4 that its unit is told of."""
        said = {"reply_due": DUE, "commitments": {"reason": HASH}}
        return self._about("released", unit, inspection, finding, "reviewer", said)

    def appeal(self, unit: str, inspection: str, finding: str) -> int:
        """The head's appeal."""
        said = {"commitments": {"text": HASH}}
        return self._about("appealed", unit, inspection, finding, "unit_head", said)

    def answer(self, unit: str, inspection: str, finding: str) -> int:
        """What the person concerned says of it."""
        data = {
            "by": {"role": "concerned"},
            "finding": finding,
            "inspection": inspection,
            "commitments": {"text": HASH},
        }
        link = derived_id(self.new_id(), "kycuong.finding.answered.v1", 1)
        return self.append("finding.answered", f"finding/{finding}", unit, data, id=link)

    def reopen(self, unit: str, inspection: str, finding: str, due: str | None = None) -> int:
        """A reviewer's reopening; `due` of a finding never replied to."""
        said = {"commitments": {"reason": HASH}} | ({"reply_due": due} if due else {})
        return self._about("reopened", unit, inspection, finding, "reviewer", said)

    def remedied(self, unit: str, inspection: str, finding: str, in_time: bool = True) -> int:
        """The head's report that it is put right."""
        said = {"done_on": "2026-09-20", "in_time": in_time, "commitments": {"text": HASH}}
        return self._about("reported", unit, inspection, finding, "unit_head", said, "remedy")

    def verify(self, unit: str, inspection: str, finding: str, *, waived: bool = False) -> int:
        """The report holds, or nothing can be put right."""
        said = {"commitments": {"reason": HASH}} | ({"waived": True} if waived else {})
        return self._about("verified", unit, inspection, finding, "reviewer", said, "remedy")

    def refuse(self, unit: str, inspection: str, finding: str, due: str | None = None) -> int:
        """The report does not hold; `due` where it opens the second deadline."""
        said = {"commitments": {"reason": HASH}} | ({"remedy_due": due} if due else {})
        return self._about("refused", unit, inspection, finding, "reviewer", said, "remedy")

    def overdue(self, unit: str, inspection: str, finding: str, n: int = 1) -> int:
        """A remedy's deadline that passed without a report."""
        data = {"by": {"role": "system"}, "finding": finding, "inspection": inspection, "due": DUE, "n": n}
        key = derived_id(finding, "kycuong.remedy.overdue.v1", n)
        return self.append("remedy.overdue", f"finding/{finding}", unit, data, id=key, at=parse_instant(DUE))

    def correct(self, unit: str, inspection: str, persons: int, files: int = 0) -> int:
        """The correction of an inspection: its whole roll."""
        data = _roll("lead", inspection, persons, files) | {"commitments": {"reason": HASH}}
        return self.append("inspection.corrected", f"inspection/{inspection}", unit, data)

    def void(self, unit: str, inspection: str) -> int:
        """An inspection that counts nowhere."""
        data = {"by": _by("lead"), "inspection": inspection, "commitments": {"reason": HASH}}
        return self.append("inspection.voided", f"inspection/{inspection}", unit, data)

    def restate(self, quarter: str = "2026-Q3", n: int = 1) -> int:
        """A new cut of a quarter that was closed officially."""
        data = {"by": _by("reviewer"), "quarter": quarter, "n": n, "cards": "card-json/2"}
        return self.append("quarter.restated", f"quarter/{quarter}", "-", data | {"commitments": {"reason": HASH}})

    def _about(
        self,
        what: str,
        unit: str,
        inspection: str,
        finding: str,
        role: str,
        said: dict[str, Any],
        noun: str = "finding",
    ) -> int:
        data = {"by": _by(role), "finding": finding, "inspection": inspection, **said}
        return self.append(f"{noun}.{what}", f"finding/{finding}", unit, data)

    def commend(self, unit: str, code: str = "K01", day: str = "2026-09-10") -> int:
        """A commendation."""
        key = self.new_id()
        data = {
            "by": _by("reviewer"), "commendation": key, "code": code, "date": day, "catalogue": "2026.1",
            "commitments": {"text": HASH},
        }  # fmt: skip
        return self.append("commendation.recorded", f"commendation/{key}", unit, data, id=key)

    def survey(self, unit: str, answered: int, satisfied: int, source: str = "SIPAS", quarter: str = "2026-Q3") -> int:
        """What a survey counted."""
        data = {
            "by": _by("reviewer"), "quarter": quarter, "source": source, "asked": answered + 40, "answered": answered,
            "satisfied": satisfied,
        }  # fmt: skip
        key = self.new_id()
        return self.append("survey.recorded", f"survey/{key}", unit, data, id=key)

    def erase(self, unit: str, event: str, *parts: str) -> int:
        """The erasure of private parts."""
        data = {"by": _by("auditor"), "event": event, "parts": sorted(parts)}
        return self.append("part.erased", f"part/{event}", unit, data)

    def add_key(self) -> int:
        """A key that will sign beside the first."""
        key = Signer.generate(ORIGIN).verifier
        return self.append("log.key_added", f"log-key/{key.key_id.hex()}", "-", {"by": _by("admin"), "vkey": key.vkey})

    def close_quarter(
        self, quarter: str = "2026-Q3", edition: str = "official", cards: str | None = "card-json/2"
    ) -> int:
        """A quarter's cut mark; without `cards` as the first program made it."""
        data = {"by": _by("reviewer"), "quarter": quarter, "edition": edition} | ({"cards": cards} if cards else {})
        return self.append("quarter.closed", f"quarter/{quarter}", "-", data)

    def publish(self, cut: int, cards_root: str) -> int:
        """The publication of a cut, with a root."""
        closed = json.loads(self.entries[cut])
        quarter, edition = closed["data"]["quarter"], closed["data"]["edition"]
        data = {"by": _by("reviewer"), "quarter": quarter, "edition": edition, "closing": closed["id"]}
        return self.append("quarter.published", f"quarter/{quarter}", "-", data | {"cards_root": cards_root})

    def rules(self, kind: str, version: str, since: str, at: str, **changes: Any) -> int:
        """A version of the catalogue or scoring rules that came later: as the first but for some of it."""
        data = next(one.data for one in genesis() if one.subject.startswith(kind)) | changes
        data |= {"by": {"role": "system"}, "version": version, "valid_from": since}
        event = f"kycuong.{kind}.published.v1"
        return self.append(
            f"{kind}.published", f"{kind}/{version}", "-", data, id=genesis_id(event, version), at=parse_instant(at)
        )

    def second_method(self, since: str = "2026-07-01") -> int:
        """Rules by card/2, from a day on that the log's own do not reach."""
        newest = next(one.data for one in genesis() if one.subject == "scoring/2026.3")
        at = f"{since}T00:00:00Z"
        return self.rules("scoring", "2026.8", since, at, method=newest["method"], rules=newest["rules"])

    def golden(self, unit: str = "xa-tan-hoa") -> str:
        """The golden case, upheld: 45 checked, 3×A01, 1×A03, 2×B04; the inspection's id."""
        inspection = self.open(unit)
        found = [self.record(unit, inspection, code, count) for code, count in (("A01", 3), ("A03", 1), ("B04", 2))]
        self.close(unit, inspection)
        for finding in found:
            self.reply(unit, inspection, finding, False)
            self.decide(unit, inspection, finding, "upheld")
        return inspection


def _roll(role: str, inspection: str, persons: int, files: int) -> dict[str, Any]:
    return {
        "by": _by(role), "inspection": inspection, "closed_at": "2026-09-01T10:00:00+07:00",
        "assigned": persons, "present": persons, "excused": {}, "unexcused": 0, "late": 0,
        "persons_checked": persons, "files_checked": files, "signed": True, "reply_due": DUE, "flags": [],
    }  # fmt: skip


def _by(role: str) -> dict[str, str]:
    return {"role": role, "ref": REF}
