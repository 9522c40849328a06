"""Programs that nobody here wrote accept the log as served and as exported, and refuse it once it is changed.

One is a Python library (tlog-scales), the other is Go's: Tessera's fsck rehashes everything and rebuilds each tile.
"""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from cryptography.exceptions import InvalidSignature
from tlog_scales import signing, tiles, tlog
from tlog_scales.backend import HttpBackend, make_backend
from tlog_scales.reader import TilesReader

from services.audit.app import create_app
from services.audit.receipt import Receipt
from services.audit.verifier.export import export_log
from services.audit.verifier.sources import open_source
from services.audit.verifier.trust import Trust
from services.kernel.log.note import Checkpoint, Signer, Verifier
from services.kernel.log.tiles import decode_bundle, encode_bundle
from services.kernel.process.settings import Settings
from tests.support.audit_app import App
from tests.support.events import many
from tests.support.go import go_program
from tests.support.log import Log, open_log
from tests.support.served import files_of

FSCK = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4"
SIZE = 600


@dataclass
class Place:
    """A log somewhere, and what a stranger is told of it."""

    url: str
    vkey: str
    size: int
    root: bytes
    token: str
    entries: list[bytes]

    def reader(self, where: str | None = None) -> TilesReader:
        backend = make_backend(where or self.url)
        if isinstance(backend, HttpBackend):
            backend.session.trust_env = False
            backend.session.headers["authorization"] = f"Bearer {self.token}"
        return TilesReader(backend)


@asynccontextmanager
async def served(settings: Settings, size: int) -> AsyncIterator[Place]:
    """A log of this size behind a real port; at the end all of it is checked."""
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(open_log(settings))
        stack.push_async_callback(_check, log, size)
        app = create_app(settings)
        await stack.enter_async_context(app.router.lifespan_context(app))
        for first in range(0, size, 5000):
            await log.publish(many(min(5000, size - first), log.origin, first))
        asking = App(app, log)
        stack.push_async_callback(asking.client.aclose)
        checkpoint = await asking.reach(size)
        url = await stack.enter_async_context(_listening(app))
        entries = [record.value for record in many(size, log.origin)]
        token = settings.folder.read_token()
        yield Place(url, log.signer.vkey, size, checkpoint.root, token, entries)


async def _check(log: Log, size: int) -> None:
    await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
    await log.check(size)


@asynccontextmanager
async def _listening(app: object) -> AsyncIterator[str]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/audit/"
    finally:
        server.should_exit = True
        await serving


@pytest_asyncio.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    async with served(settings, SIZE) as place:
        yield place


async def exported(place: Place, folder: Path) -> Path:
    """The log as files."""

    def copy() -> None:
        source = open_source(place.url, place.token)
        try:
            export_log(source, Trust.read([place.vkey]), folder)
        finally:
            source.close()

    await asyncio.to_thread(copy)
    return folder


class Disagrees(Exception):
    """The library's root is not the checkpoint's."""


def agrees(place: Place, where: str | None = None) -> None:
    """All that the library can check of a log: signature, root, leaves, proofs of inclusion and of consistency."""
    reader = place.reader(where)
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(signing.Vkey.from_string(place.vkey))
    if reader.calculate_root_hash() != checkpoint.root_hash:
        raise Disagrees
    for index in (0, 1, 255, 256, 511, 512, SIZE - 1):
        leaf = tiles.leaf_hash(reader.get_entry(index))
        reader.get_inclusion_proof(index, SIZE).check(leaf, checkpoint.root_hash)
    for old in (1, 255, 256, 300, SIZE):
        reader.get_consistency_proof(old, SIZE).check(reader.mth(0, old), checkpoint.root_hash)
    assert (checkpoint.size, checkpoint.root_hash) == (SIZE, place.root)
    assert [reader.get_entry(index) for index in range(SIZE)] == place.entries


async def test_the_library_agrees_with_the_log_as_served(place: Place) -> None:
    await asyncio.to_thread(agrees, place)


async def test_the_library_agrees_with_the_log_as_exported(place: Place, tmp_path: Path) -> None:
    folder = await exported(place, tmp_path / "copy")
    agrees(place, str(folder))


async def test_the_librarys_program_makes_our_receipts_and_checks_our_leaves(place: Place, tmp_path: Path) -> None:
    folder = await exported(place, tmp_path / "copy")
    program = Path(sys.executable).with_name("tlog-tiles")
    for index in (0, 300, SIZE - 1):
        asked = [str(folder), str(index)]
        made = subprocess.run([program, "gen-proof", *asked], capture_output=True, check=True)
        receipt = Receipt.parse(made.stdout.decode())
        assert receipt.verify(place.entries[index], Verifier.parse(place.vkey)).size == SIZE
        leaf = subprocess.run([program, "get-leaf", "-c", *asked], capture_output=True, check=True)
        assert leaf.stdout == place.entries[index]


def other_letter(byte: int) -> int:
    """Another letter of the base64 alphabet: what is no base64 at all is refused for another reason."""
    return ord("B") if byte == ord("A") else ord("A")


REFUSES = (Disagrees, InvalidSignature, RuntimeError, tlog.InclusionProofInvalid, tlog.ConsistencyProofInvalid)


@pytest.mark.parametrize(
    ("path", "at"), [("tile/entries/000", 40), ("tile/0/001", 5), ("tile/1/000.p/2", 40), ("checkpoint", 60)]
)
async def test_the_library_refuses_a_copy_changed_where_it_looks(
    place: Place, tmp_path: Path, path: str, at: int
) -> None:
    folder = await exported(place, tmp_path / "copy")
    body = bytearray((folder / path).read_bytes())
    body[at] = other_letter(body[at]) if path == "checkpoint" else body[at] ^ 1
    (folder / path).write_bytes(body)
    with pytest.raises(REFUSES):
        agrees(place, str(folder))


# -- Tessera's fsck


@pytest.fixture(scope="module")
def fsck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return go_program(FSCK, tmp_path_factory.mktemp("go"))


@dataclass
class Opinion:
    """What fsck said; its exit code says nothing, and before some bundles it falls over instead of refusing."""

    accepts: bool
    words: str


async def opinion(fsck: Path, place: Place, url: str, tmp_path: Path, *, token: str | None = None) -> Opinion:
    """Ask it, for half a minute at most."""
    key = tmp_path / "vkey"
    key.write_text(place.vkey + "\n")
    options = ["--ui=false", "-N", "4", "--storage_url", url, "--public_key", str(key)]
    if token is not None:
        options += ["--bearer_token", token]
    running = await asyncio.create_subprocess_exec(fsck, *options, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    try:
        async with asyncio.timeout(30):
            said = (await running.communicate())[0].decode()
    except TimeoutError:
        running.kill()
        await running.wait()
        return Opinion(False, "it went on for ever")
    root = base64.b64encode(place.root).decode()
    accepts = f"Successfully fsck'd log with size {place.size} and root {root} " in said
    assert accepts != ("fsck failed" in said or "panic: " in said), said[:300]
    return Opinion(accepts, said[:300])


@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", [1, 255, 256, 257, 66_000])
async def test_fsck_accepts_the_log_as_served(settings: Settings, fsck: Path, tmp_path: Path, size: int) -> None:
    """Also at 66,000 entries, where tiles reach a third level; and only whoever may read entries can check them."""
    async with served(settings, size) as place:
        said = await opinion(fsck, place, place.url, tmp_path, token=place.token)
        assert said.accepts, said.words
        assert not (await opinion(fsck, place, place.url, tmp_path)).accepts


Files = dict[str, bytes]
Change = Callable[[Files, Place], None]


def flipped(path: str, at: int) -> Change:
    def change(files: Files, place: Place) -> None:
        body = bytearray(files[path])
        body[at] ^= 1
        files[path] = bytes(body)

    return change


def rebundled(path: str, edit: Callable[[list[bytes]], list[bytes]]) -> Change:
    def change(files: Files, place: Place) -> None:
        files[path] = encode_bundle(edit(decode_bundle(files[path])))

    return change


def signed_anew(size: int, key: Callable[[Place], Signer]) -> Change:
    def change(files: Files, place: Place) -> None:
        signer = key(place)
        files["checkpoint"] = signer.sign(Checkpoint(signer.name, size, place.root).text()).encode()

    return change


def gone(path: str) -> Change:
    def change(files: Files, place: Place) -> None:
        del files[path]

    return change


def stranger(place: Place) -> Signer:
    return Signer.generate(place.vkey.partition("+")[0])


CHANGES: dict[str, Change] = {
    "a byte of the first entry": flipped("tile/entries/000", 40),
    "a byte of the last entry": flipped("tile/entries/002.p/88", -1),
    "two entries changed places": rebundled("tile/entries/001", lambda one: [one[1], one[0], *one[2:]]),
    "an entry left out": rebundled("tile/entries/001", lambda one: one[:-1]),
    "an entry twice": rebundled("tile/entries/001", lambda one: [one[0], *one[:-1]]),
    "a bundle without its end": lambda files, place: files.update({"tile/entries/001": files["tile/entries/001"][:-1]}),
    "a hash of a full tile": flipped("tile/0/001", 32 * 17),
    "a hash of a partial tile": flipped("tile/0/002.p/88", 5),
    "a hash of the second level": flipped("tile/1/000.p/2", 40),
    "a bundle is gone": gone("tile/entries/001"),
    "a tile is gone": gone("tile/0/001"),
    "the checkpoint's signature": lambda files, place: files.update(
        {"checkpoint": files["checkpoint"].replace(b"\n600\n", b"\n599\n")}
    ),
    "a checkpoint of another key": signed_anew(SIZE, stranger),
}


@pytest.mark.timeout(400)
async def test_fsck_refuses_every_changed_copy(place: Place, fsck: Path, tmp_path: Path) -> None:
    folder = await exported(place, tmp_path / "copy")
    whole = files_of(folder)
    assert (await opinion(fsck, place, folder.as_uri() + "/", tmp_path)).accepts
    accepted = []
    for number, (name, change) in enumerate(CHANGES.items()):
        files = dict(whole)
        change(files, place)
        assert files != whole, name
        copy = tmp_path / f"changed-{number}"
        for path, body in files.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(body)
        if (await opinion(fsck, place, copy.as_uri() + "/", tmp_path)).accepts:
            accepted.append(name)
    assert accepted == []
