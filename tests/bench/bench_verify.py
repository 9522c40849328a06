"""A full verification, of a folder and over HTTP: beside hashlib alone on every core, and beside another library."""

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from services.audit.verifier.export import export_log
from services.audit.verifier.reading import Place
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Verdict, verify
from services.kernel.log.merkle import leaf_hash
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import Edge, Tile, bundle_path, bundles_of, encode_bundle, split_bundle
from services.kernel.process.settings import Settings
from services.kernel.streams import open_stream
from tests.bench.limits import Limit, at_least, at_most
from tests.support.events import many
from tests.support.instance import PROGRAM, ROOT
from tests.support.postgres import Cluster, running_cluster
from tests.support.processes import Service

ENTRIES = 1_000_000
SERVED = 100_000
COMPARED = 20_000
TRIES = 3  # the best one counts: a figure is of the program, not of what else the machine does
SIGNER = Signer("bench.example/log", bytes(32))
CORES = len(os.sched_getaffinity(0))


def measure() -> Iterator[Limit]:
    """A log of a million entries in a folder, and one of a hundred thousand behind the program's own server."""
    with tempfile.TemporaryDirectory(prefix="kc-bench-") as folder:
        place = Path(folder) / "log"
        _write(place)
        yield from _folder(place)
        with running_cluster() as cluster:
            yield from asyncio.run(_http(cluster, Path(folder)))


def _write(place: Path) -> None:
    """A log's files, a bundle at a time."""
    edge, events = Edge(), iter(many(ENTRIES, SIGNER.name))
    for n, width in bundles_of(ENTRIES):
        entries = [event.value for event in islice(events, width)]
        _put(place / bundle_path(n, width), encode_bundle(entries))
        for tile in edge.extend([leaf_hash(entry) for entry in entries]):
            _put(place / Tile(tile.level, tile.n).path, tile.hashes)
    for level, row in enumerate(edge.rows):
        if row:
            _put(place / Tile(level, (ENTRIES >> 8 * level) // 256, len(row)).path, b"".join(row))
    note = SIGNER.sign(Checkpoint(SIGNER.name, ENTRIES, edge.range().root()).text())
    _put(place / "checkpoint", note.encode())


def _put(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body)


def _folder(place: Path) -> Iterator[Limit]:
    full, memory = max(_program(place) for _ in range(TRIES))
    # in turn, so that both meet the same machine
    pairs = [(_program(place, "--hashes-only")[0], _bare(place)) for _ in range(TRIES)]
    hashes, bare = (max(figures) for figures in zip(*pairs, strict=True))
    stranger = _stranger(place)
    yield at_least(f"log verify: a folder of {ENTRIES:,} in full", 100_000, full, " entries/s")
    yield at_least(f"log verify: hashes beside hashlib alone on {CORES} cores", 0.3, hashes / bare)
    yield at_least("log verify: hashes beside tlog-scales", 1, hashes / stranger)
    yield at_most(f"log verify: memory of the parent at {ENTRIES:,}", 400, memory / 1e6, " MB")
    print(f"        hashes {hashes:,.0f}/s; hashlib {bare:,.0f}/s; tlog-scales {stranger:,.0f}/s")


def _program(place: Path, *options: str) -> tuple[float, int]:
    """Entries a second of the program as a user starts it, from its start to its end; and its most memory."""
    command = [*PROGRAM, "log", "verify", str(place), "--vkey", SIGNER.vkey, "--state", "none", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return ENTRIES / took, used.ru_maxrss * 1024


def _bare(place: Path) -> float:
    """What hashlib alone needs for the same bytes, on every core: a leaf and a node hash an entry, nothing else."""
    with ProcessPoolExecutor(CORES, get_context("spawn")) as pool:
        shares = [(place, core) for core in range(CORES)]
        return ENTRIES / max(pool.map(_hash_share, shares))


def _hash_share(share: tuple[Path, int]) -> float:
    place, core = share
    leaves = []
    for n in range(core, ENTRIES // 256, CORES):
        leaves += [b"\0" + entry for entry in split_bundle((place / bundle_path(n)).read_bytes())[0]]
    node = bytes(65)
    began = time.perf_counter()
    for leaf in leaves:
        sha256(leaf).digest()
        sha256(node).digest()
    return time.perf_counter() - began


def _stranger(place: Path) -> float:
    """Another library reads entries, hashes them and compares them with its level 0 tiles; then it makes the root."""
    reader = TilesReader(LocalBackend(place))
    checkpoint = reader.get_checkpoint()
    began = time.perf_counter()
    for index in range(COMPARED):
        leaf = sha256(b"\0" + reader.get_entry(index)).digest()
        assert leaf == reader.mth(index, index + 1)
    assert reader.calculate_root_hash() == checkpoint.root_hash
    return COMPARED / (time.perf_counter() - began)


async def _http(cluster: Cluster, folder: Path) -> list[Limit]:
    async with cluster.database(folder / "data") as settings:
        await _fill(settings)
        audit = Service("audit", settings.folder, os.environ | {"KYCUONG_DATABASE_URL": settings.database_url})
        audit.launch()
        try:
            return await asyncio.to_thread(_ask, audit, settings, folder / "copy")
        finally:
            audit.discard()


async def _fill(settings: Settings) -> None:
    stream = open_stream(settings, "intake")
    await stream.start()
    for first in range(0, SERVED, 5_000):
        await stream.publish(settings.topic("discipline.events"), list(many(5_000, settings.origin, first)))
    await stream.stop()


def _ask(audit: Service, settings: Settings, copy: Path) -> list[Limit]:
    audit.await_ready()
    place = Place(f"{audit.url}/audit/", settings.folder.read_token())
    trust = Trust.read([settings.folder.vkey() or ""])
    with closing(place.open()) as source:
        while b"\n%d\n" % SERVED not in (source.get("checkpoint") or b""):
            time.sleep(0.1)
        verified = max(_timed(lambda: verify(place, trust)) for _ in range(TRIES))
        exported = max(_timed(partial(export_log, source, trust, copy / str(n))) for n in range(TRIES))
    return [
        at_least("log verify: over HTTP in full, server on the same cores", 50_000, verified, " entries/s"),
        at_least("log export: over HTTP, server on the same cores", 25_000, exported, " entries/s"),
    ]


def _timed(act: Callable[[], Verdict | Checkpoint]) -> float:
    """Entries a second."""
    began = time.perf_counter()
    size = act().size
    assert size == SERVED
    return SERVED / (time.perf_counter() - began)
