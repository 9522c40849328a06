"""A quarter computed from a folder beside a full verification of the same folder, when all of the log is of it."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from services.kernel.log.merkle import leaf_hash
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import Edge, Tile, bundle_path, encode_bundle
from tests.bench.bench_reports import visit
from tests.bench.limits import Limit, at_most
from tests.bench.measured import run
from tests.support.instance import PROGRAM, ROOT
from tests.support.reports_log import CODES, ORIGIN, MadeLog

ENTRIES = int(os.environ.get("KYCUONG_BENCH_ENTRIES", "200000"))
UNITS, QUARTER, TRIES = 5_000, "2026-Q3", 3


def measure() -> Iterator[Limit]:
    """Processor time and memory of the program as a user starts it, both in turn."""
    with tempfile.TemporaryDirectory(prefix="kc-bench-") as folder:
        place = Path(folder) / "log"
        vkey = write(place, ENTRIES).vkey
        verify = ["log", "verify", str(place), "--vkey", vkey, "--state", "none"]
        recompute = ["scorecard", "recompute", "--log", str(place), "--quarter", QUARTER, "--vkey", vkey]
        pairs = [(_program(verify)[0], *_program(recompute)) for _ in range(TRIES)]
    ratio, memory = median(took / verified for verified, took, _ in pairs), max(used for *_, used in pairs)
    yield at_most(f"scorecard recompute: {ENTRIES:,} entries all of the quarter, beside log verify", 1.5, ratio)
    yield at_most("scorecard recompute: memory of the parent", 300, memory / 1e6, " MB")


def _program(arguments: list[str]) -> tuple[float, int]:
    """Seconds of processor time, its own and its processes', and its most memory."""
    return run([*PROGRAM, *arguments], ROOT)


def write(place: Path, size: int, units: int = UNITS) -> Signer:
    """A log's files, a bundle at a time: a quarter's visits with findings that ended in every way."""
    made, edge = MadeLog(checked=False), Edge()
    for n, _ in enumerate(_steps(made, size, units)):
        bundle = made.entries[:256]
        _put(place / bundle_path(n, len(bundle)), encode_bundle(bundle))
        for tile in edge.extend([leaf_hash(entry) for entry in bundle]):
            _put(place / Tile(tile.level, tile.n).path, tile.hashes)
        del made.entries[:256], made.traces[:]
    held = edge.size
    for level, row in enumerate(edge.rows):
        if row:
            _put(place / Tile(level, (held >> 8 * level) // 256, len(row)).path, b"".join(row))
    _put(place / "checkpoint", made.signer.sign(Checkpoint(ORIGIN, held, edge.range().root()).text()).encode())
    return made.signer


def _put(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def _steps(made: MadeLog, size: int, units: int) -> Iterator[None]:
    """Whenever another bundle is full; at last with what is left."""
    chance, names = random.Random(20260930), [f"don-vi-{number:04d}" for number in range(units)]
    made.genesis()
    for number, name in enumerate(names):
        made.register(name, f"Đơn vị số {number}", chance.choice(["so", "xa", "phuong", "dvsn"]))
    total = len(made.entries)
    codes = [code for code in CODES if code[0] != "K" or code == "K00"]
    while len(made.entries) >= 256:
        yield
    before = len(made.entries)
    while total < size:
        visit(made, chance, chance.choice(names), codes)
        total += len(made.entries) - before
        while len(made.entries) >= 256:
            yield
        before = len(made.entries)
    if made.entries:
        yield
