"""Verify a whole log from outside: its signature, every leaf, the root, every tile, what each entry says."""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from services.audit.verifier.checking import LogCheck, extends, parts_of
from services.audit.verifier.draws import DrawCheck
from services.audit.verifier.faults import BadLog, Fault, Forked
from services.audit.verifier.parts import Part, Pick, Task
from services.audit.verifier.reading import Place, cut_bundle, prove_extension, read_part, read_parts, read_tile
from services.audit.verifier.remembered import Memory
from services.audit.verifier.schemas import known_types, rules_of
from services.audit.verifier.sources import Source
from services.audit.verifier.trust import Opened, Trust
from services.kernel.log.tiles import TILE_HEIGHT, FullTile, Tile, bundle_path, bundles_of, split_bundle, width_at
from services.kernel.progress import Progress

ERASED = "kycuong.part.erased.v1"
RUN = 16  # bundles that are read and checked together
SMALL = 50_000  # entries that are checked here sooner than processes start
ABSENT = Fault(
    None,
    "ở đây không có mốc kiểm chứng; nhật ký Kỷ Cương nằm dưới /audit/",
    "there is no checkpoint here; the log of Kỷ Cương is below /audit/",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How thoroughly to verify, beside what was accepted before, and with how many processes.

    `take` is given what a `pick` picked of each run of entries, in order, once all up to its end was found good.
    """

    full: bool = True
    hashes_only: bool = False
    jobs: int | None = None
    memory: Memory | None = None
    progress: Progress | None = None
    pick: Pick | None = None
    take: Callable[[Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying a log came to."""

    ok: bool
    origin: str
    size: int = 0
    root: bytes = b""
    since: int = 0
    checked: int = 0
    hashes_only: bool = False
    accepted: int | None = None  # the size that was accepted before; None the first time
    units: int = 0
    unknown_types: dict[str, int] = field(default_factory=dict)
    keys_added: list[str] = field(default_factory=list)
    erased: int = 0
    witnesses: dict[str, int] = field(default_factory=dict)
    fault: Fault | None = None
    evidence: str | None = None

    @property
    def error(self) -> str | None:
        """What is wrong, in words."""
        return str(self.fault) if self.fault else None

    @property
    def first_bad_index(self) -> int | None:
        """The lowest entry that is to blame."""
        return self.fault.index if self.fault else None

    def as_json(self) -> dict[str, Any]:
        """The verdict for `--json`."""
        return {
            "ok": self.ok,
            "origin": self.origin,
            "size": self.size,
            "root": base64.b64encode(self.root).decode(),
            "from": self.since,
            "checked": self.checked,
            "content": not self.hashes_only,
            "accepted": self.accepted,
            "units": self.units,
            "unknown_types": self.unknown_types,
            "keys_added": self.keys_added,
            "erased": self.erased,
            "witnesses": self.witnesses,
            "first_bad_index": self.first_bad_index,
            "error": self.error,
            "evidence": self.evidence,
        }


def verify(place: Place, trust: Trust, asked: Asked = Asked()) -> Verdict:
    """Verify the log at a URL or in a folder, a large one on all cores; CannotRead when it cannot be asked."""
    with closing(place.open()) as source:
        return _Verification(source, trust, asked, place).verdict()


def verify_source(source: Source, trust: Trust, asked: Asked = Asked()) -> Verdict:
    """Verify the log that a source answers for, in this process."""
    return _Verification(source, trust, asked).verdict()


def read_checkpoint(source: Source, trust: Trust) -> tuple[Opened, bytes]:
    """The log's checkpoint and its note; BadLog when it is missing, or not signed and witnessed as it must be."""
    note = source.get("checkpoint")
    if note is None:
        raise BadLog(ABSENT)
    return trust.open(note), note


def read_draw(source: Source, trust: Trust, round_id: str, progress: Progress | None = None) -> DrawCheck:
    """Read the whole log for one round's draw; BadLog when its entries are not those that the checkpoint signs."""
    opened, _ = read_checkpoint(source, trust)
    size, check = opened.checkpoint.size, DrawCheck(round_id)
    widths = [(n, width) for n, width in bundles_of(size)]
    bundles = source.get_many(bundle_path(n, width) for n, width in widths)
    for (n, width), bundle in zip(widths, bundles, strict=True):
        for entry in split_bundle(cut_bundle(source, n, width) if bundle is None else bundle)[0]:
            check.take(entry)
        if progress:
            progress(check.tree.size, size)
    if (check.tree.size, check.tree.root()) != (size, opened.checkpoint.root):
        raise BadLog(
            Fault(None, "nội dung không khớp với mã gốc đã ký", "the entries do not make the root that is signed")
        )
    return check


class _Verification:
    """One verification under way."""

    def __init__(self, source: Source, trust: Trust, asked: Asked, place: Place | None = None) -> None:
        self._source, self._trust, self._asked, self._place = source, trust, asked, place
        self._seen = asked.memory.load() if asked.memory else None

    def verdict(self) -> Verdict:
        """Verify; what was accepted is remembered only when everything holds."""
        try:
            opened, note = read_checkpoint(self._source, self._trust)
        except BadLog as bad:
            return Verdict(False, self._trust.origin, fault=bad.fault, accepted=self._accepted)
        check = LogCheck(opened.checkpoint, self._seen, self._known())
        try:
            self._verify(check)
        except BadLog as bad:
            return self._made(check, opened, bad.fault, self._keep_fork(bad, note))
        if self._asked.memory is not None and not self._asked.hashes_only:
            self._asked.memory.save(check.accepted(note.decode()), bytes(check.ids), check.since)
        return self._made(check, opened)

    @property
    def _accepted(self) -> int | None:
        return self._seen.size if self._seen else None

    def _known(self) -> bytes | None:
        """The ids accepted before, when only what is new is asked for and they are all there."""
        if self._asked.full or self._asked.memory is None or self._seen is None:
            return None
        return self._asked.memory.ids(self._seen)

    def _verify(self, check: LogCheck) -> None:
        seen, checkpoint = self._seen, check.checkpoint
        if seen is not None:
            extends(seen.checkpoint, checkpoint)
            if check.known is not None:
                prove_extension(self._source, seen.checkpoint, checkpoint)
        with closing(self._parts(check)) as parts:
            for part in parts:
                self._take(check, part)
        _raise_lowest(self._edge_faults(check))
        check.finish()

    def _parts(self, check: LogCheck) -> Generator[Part]:
        size, cut = check.checkpoint.size, self._seen.bundle if self._seen else None
        task, runs = Task(size, check.since, cut), parts_of(size, check.since, cut, RUN)
        origin = None if self._asked.hashes_only else check.checkpoint.origin
        jobs = self._asked.jobs or (None if size - check.since >= SMALL else 1)
        if self._place is None or jobs == 1:
            rules = rules_of(origin) if origin else None
            return (read_part(self._source, task, rules, run, self._asked.pick) for run in runs)
        return read_parts(self._place, task, origin, runs, jobs, self._asked.pick)

    def _take(self, check: LogCheck, part: Part) -> None:
        """Put a part where it belongs; of all that is wrong by now, the lowest index is raised."""
        filled = check.grow(part)
        faults = check.faults(part) + [fault for made in filled if (fault := self._tile_fault(check, made))]
        if faults:
            _raise_lowest(faults + self._edge_faults(check))
        if self._asked.take is not None:
            self._asked.take(part.picked)
        if self._asked.progress is not None:
            self._asked.progress(check.reached - check.since, check.checkpoint.size - check.since)

    def _tile_fault(self, check: LogCheck, made: FullTile) -> Fault | None:
        return check.tile(made.level, made.n, made.hashes, self._tile(Tile(made.level, made.n)))

    def _edge_faults(self, check: LogCheck) -> list[Fault]:
        """Compare the tiles that are still growing where the check stands: at the end, all partial ones."""
        found = []
        for level, row in enumerate(check.edge.rows[1:], 1):
            n, made = check.edge.size >> TILE_HEIGHT * (level + 1), b"".join(row)
            width = width_at(level, n, check.checkpoint.size)
            if row:
                served = self._tile(Tile(level, n, width))
                whole = served if served is None or width == len(row) else served[: len(made)]
                found.append(check.tile(level, n, made, whole))
        return [fault for fault in found if fault]

    def _tile(self, tile: Tile) -> bytes | None:
        try:
            return read_tile(self._source, tile)
        except BadLog:
            return None

    def _keep_fork(self, bad: BadLog, note: bytes) -> str | None:
        if not isinstance(bad, Forked) or self._asked.memory is None or self._seen is None:
            return None
        return str(self._asked.memory.keep_fork(self._seen, note))

    def _made(
        self, check: LogCheck, opened: Opened, fault: Fault | None = None, evidence: str | None = None
    ) -> Verdict:
        known = frozenset() if self._asked.hashes_only else known_types()
        return Verdict(
            ok=fault is None,
            origin=check.checkpoint.origin,
            size=check.checkpoint.size,
            root=check.checkpoint.root,
            since=check.since,
            checked=_held(check, fault) - check.since,
            hashes_only=self._asked.hashes_only,
            accepted=self._accepted,
            units=len(check.last),
            unknown_types={kind: count for kind, count in sorted(check.types.items()) if kind not in known},
            keys_added=check.keys,
            erased=check.types[ERASED],
            witnesses=dict(opened.witnesses),
            fault=fault,
            evidence=evidence,
        )


def _raise_lowest(faults: list[Fault]) -> None:
    """Raise the fault with the lowest index, if there is one."""
    if faults:
        raise BadLog(min(faults, key=lambda fault: -1 if fault.index is None else fault.index))


def _held(check: LogCheck, fault: Fault | None) -> int:
    """Up to which entry everything held."""
    return check.reached if fault is None or fault.index is None else min(check.reached, fault.index)
