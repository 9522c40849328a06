"""Witnesses: public is what enough of them have cosigned; the services wait for none; none is contradicted."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit import witness as witness_module
from services.audit.errors import GuardRefuses
from services.audit.signer import CheckpointSigner
from services.audit.witnessing import Witnesses, Witnessing
from services.kernel.cosignature import COSIGNATURE, Cosigner, cosignatures
from services.kernel.note import Checkpoint, vkey_text
from services.kernel.policy import Policy, Witness
from services.kernel.settings import Settings
from tests.support.events import many
from tests.support.log import Log, drain, open_log
from tests.support.witness import TestWitness, witnessing

LITEWITNESS = "filippo.io/torchwood/cmd/litewitness@v0.9.0"


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with open_log(settings) as log:
        yield log


@asynccontextmanager
async def three(log: Log, place: Path, quorum: str = "2", **options: bool) -> AsyncIterator[list[TestWitness]]:
    """Three witnesses of the log, so many of whom are enough."""
    made = [TestWitness(f"witness.example/{n}", place / f"{n}.json", log.signer.verifier) for n in range(3)]
    async with witnessing(*made):
        names = " ".join(each.name for each in made)
        policy = Policy.parse("\n".join([*(each.line for each in made), f"group g {quorum} {names}", "quorum g", ""]))
        log.witnesses = Witnesses.of(policy, fail_open=options.get("fail_open", False))
        try:
            yield made
        finally:
            await log.witnesses.close()


async def grow(log: Log, first: int, count: int = 10) -> tuple[CheckpointSigner, Witnessing]:
    """Entries, a signed checkpoint, and the witnessing that was offered it."""
    epoch = await log.crown()
    await log.publish(many(count, log.origin, first))
    sequencer = log.sequencer(epoch)
    await drain(sequencer)
    await sequencer.close()
    signer = await log.checkpoint_signer(epoch)
    taken = Witnessing(log.pool, log.witnesses, epoch=epoch)
    assert signer.latest is not None
    taken.offer(*signer.latest)
    return signer, taken


async def public(log: Log) -> str | None:
    return await log.pool.fetchval("SELECT note FROM audit.publication ORDER BY seq DESC LIMIT 1")


def cosigned(log: Log, note: str) -> set[str]:
    return {key.name for key in cosignatures(note, log.witnesses.policy.cosigners)}


async def test_what_is_public_carries_every_witness_that_answered(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path) as witnesses:
        for first in (0, 10, 30):
            _, taken = await grow(log, first, 10 if first == 0 else 20)
            assert await taken.step()
            note = await public(log)
            assert note is not None
            assert Checkpoint.open(note, log.signer.verifier).size == first + (10 if first == 0 else 20)
            assert cosigned(log, note) == {each.name for each in witnesses}
        kept = witnesses[0].kept(log.origin)
        assert kept is not None and kept[0] == 50
        states = await log.pool.fetch("SELECT size, cosigned_at, trouble FROM audit.witness_state")
        assert [(row["size"], row["trouble"]) for row in states] == [(50, None)] * 3
        assert all(row["cosigned_at"] is not None for row in states)
        await log.check(50)


async def test_two_of_three_are_enough_and_the_third_joins_when_it_is_back(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path) as witnesses:
        witnesses[1].away = True
        _, taken = await grow(log, 0)
        assert await taken.step()
        assert cosigned(log, await public(log) or "") == {witnesses[0].name, witnesses[2].name}
        trouble = await log.pool.fetchval("SELECT trouble FROM audit.witness_state WHERE name = $1", witnesses[1].name)
        assert "503" in trouble
        witnesses[1].away = False
        assert await taken.step(), "the same checkpoint again, with one more line"
        assert cosigned(log, await public(log) or "") == {each.name for each in witnesses}
        await log.check(10)


async def test_without_a_quorum_nothing_is_published_and_readers_go_on(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path) as witnesses:
        _, taken = await grow(log, 0)
        assert await taken.step()
        before = await public(log)
        witnesses[0].away = witnesses[1].away = True
        _, taken = await grow(log, 10)
        assert not await taken.step()
        assert await public(log) == before
        assert await log.pool.fetchval("SELECT max(size) FROM audit.checkpoint") == 20, "signed all the same"
        publisher = log.publisher()
        await publisher.step()
        told = [record for record in await log.told() if record.headers["kind"] == "checkpoint"]
        assert Checkpoint.open(told[-1].value.decode(), log.signer.verifier).size == 20, "and told to the services"
        witnesses[0].away = False
        assert await taken.step()
        assert Checkpoint.open(await public(log) or "", log.signer.verifier).size == 20
        witnesses[1].away = False
        await log.check(20)


async def test_fail_open_publishes_without_a_quorum_and_mends_it_later(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path, "all", fail_open=True) as witnesses:
        for each in witnesses[1:]:
            each.away = True
        _, taken = await grow(log, 0)
        assert await taken.step()
        assert cosigned(log, await public(log) or "") == {witnesses[0].name}
        for each in witnesses:
            each.away = False
        assert await taken.step()
        assert cosigned(log, await public(log) or "") == {each.name for each in witnesses}
        await log.check(10)


async def test_a_slow_witness_delays_nobody_and_is_asked_on_from_what_it_knows(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with three(log, tmp_path, "1") as witnesses:
        witnesses[2].delay = 1.0
        _, taken = await grow(log, 0)
        began = asyncio.get_running_loop().time()
        assert await taken.step()
        assert asyncio.get_running_loop().time() - began < 0.9
        assert cosigned(log, await public(log) or "") == {witnesses[0].name, witnesses[1].name}
        await asyncio.sleep(1.2)
        assert witnesses[2].asked == 1
        kept = witnesses[2].kept(log.origin)
        assert kept is not None and kept[0] == 10, "its answer was taken in, late"
        monkeypatch.setattr(witness_module, "PATIENCE", 0.3)
        _, taken = await grow(log, 10)
        assert await taken.step()
        witnesses[2].delay = 0
        await asyncio.sleep(0.5)
        await log.check(20)


async def test_a_witness_whose_clock_is_far_ahead_is_no_witness(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path, "3") as witnesses:
        witnesses[0].ahead = 2**40
        _, taken = await grow(log, 0)
        assert not await taken.step()
        state = await log.pool.fetchrow("SELECT * FROM audit.witness_state WHERE name = $1", witnesses[0].name)
        assert "ahead" in state["trouble"] and state["cosigned_at"] is None


@pytest.mark.parametrize("shows", [True, False])
async def test_a_witness_that_is_ahead_of_the_database_stops_the_log(log: Log, tmp_path: Path, shows: bool) -> None:
    """Also one that does not show its checkpoint: it names its size when it is offered a smaller one."""
    async with three(log, tmp_path) as witnesses:
        for each in witnesses:
            each.shows = shows
        _, taken = await grow(log, 0)
        assert await taken.step()
        await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        later = log.signer.sign(Checkpoint(log.origin, 99, bytes(32)).text())
        place = tmp_path / "0.json"
        kept = witnesses[0].kept(log.origin)
        assert kept is not None
        place.write_text(place.read_text().replace('"size": 10', '"size": 99'))
        if shows:
            witnesses[0]._cosign(log.origin, Checkpoint(log.origin, 99, bytes(32)), later)
        with pytest.raises(GuardRefuses, match="99"):
            await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        leader = log.leader("two")
        await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
        leading = asyncio.create_task(leader.run())
        async with asyncio.timeout(10):
            while leader.trouble is None:
                await asyncio.sleep(0.05)
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        assert "nhân chứng" in leader.trouble


async def test_a_witness_of_another_tree_stops_the_log(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path) as witnesses:
        _, taken = await grow(log, 0)
        assert await taken.step()
        forged = Checkpoint(log.origin, 10, bytes(32))
        witnesses[1]._cosign(log.origin, forged, log.signer.sign(forged.text()))
        with pytest.raises(GuardRefuses, match="another tree"):
            await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)


async def test_witnesses_that_are_away_stop_no_start(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path) as witnesses:
        for each in witnesses:
            each.url, each.away = each.url, True
        await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)


def test_a_policy_without_an_address_that_can_be_asked_is_refused() -> None:
    key = TestWitness("w", Path("unused")).key
    for url in ("ftp://w.example/", "https://", "http://w.example:port", "w.example"):
        with pytest.raises(ValueError, match="w: "):
            Witnesses.of(Policy(witnesses=(Witness("w", key, url),)), fail_open=False)


# -- a witness that nobody here wrote


@pytest.fixture(scope="module")
def litewitness(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """torchwood's litewitness, built by the machine's Go."""
    missing = [program for program in ("go", "ssh-agent", "ssh-add") if shutil.which(program) is None]
    if missing:
        assert not os.environ.get("KYCUONG_REQUIRE_GO"), f"missing: {missing}"
        pytest.skip(f"MISSING: {', '.join(missing)}: the log was not shown to a witness of another project")
    place = tmp_path_factory.mktemp("go")
    subprocess.run(["go", "install", LITEWITNESS], env={**os.environ, "GOBIN": str(place)}, check=True, timeout=100)
    return place / "litewitness"


@contextmanager
def running_litewitness(program: Path, place: Path, log: Log) -> Iterator[Witness]:
    """A litewitness that knows our log."""
    key = Ed25519PrivateKey.generate()
    secret = place / "key"
    secret.touch(0o600)
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    )
    public_line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    fingerprint = (
        b64encode(sha256(b64decode(public_line.split()[1])).digest()).decode().rstrip("=")
    )
    with sqlite3.connect(place / "w.db") as database:
        database.executescript(
            "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);"
            "CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));"
        )
        empty = b64encode(sha256(b"").digest()).decode()
        database.execute("INSERT INTO log VALUES (?, 0, ?)", (log.origin, empty))
        database.execute("INSERT INTO key VALUES (?, ?)", (log.origin, log.signer.vkey))
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(place / "a")], stdout=subprocess.DEVNULL)
    witness = None
    try:
        _wait(lambda: (place / "a").exists())
        subprocess.run(
            ["ssh-add", "-q", str(secret)], env={**os.environ, "SSH_AUTH_SOCK": str(place / "a")}, check=True
        )
        witness = subprocess.Popen(
            [
                str(program), "-db", str(place / "w.db"), "-name", "witness.example/lite",
                "-key", f"SHA256:{fingerprint}", "-ssh-agent", str(place / "a"), "-listen", f"127.0.0.1:{port}",
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _wait(lambda: _listens(port))
        vkey = vkey_text("witness.example/lite", bytes([COSIGNATURE]) + key.public_key().public_bytes_raw())
        yield Witness("lite", Cosigner.parse(vkey), f"http://127.0.0.1:{port}")
    finally:
        for process in (witness, agent):
            if process is not None:
                process.terminate()
                process.wait(10)


def _wait(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


async def test_a_witness_of_another_project_cosigns_as_the_log_grows(
    litewitness: Path, log: Log, open_tmp: Path
) -> None:
    with running_litewitness(litewitness, open_tmp, log) as lite:
        log.witnesses = Witnesses.of(Policy(witnesses=(lite,), quorum="lite"), fail_open=False)
        for size in (0, 1, 300, 1000):
            held = await log.size()
            _, taken = await grow(log, held, size - held)
            assert await taken.step()
            note = await public(log) or ""
            assert Checkpoint.open(note, log.signer.verifier).size == size
            assert list(cosignatures(note, [lite.key])) == [lite.key]
        await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        await log.check(1000)
        # as if restored from before: it names the size that it knows
        await log.witnesses.close()
        log.witnesses = Witnesses.of(Policy(witnesses=(lite,), quorum="lite"), fail_open=False)
        async with log.admin.transaction():
            await log.admin.execute("SET LOCAL session_replication_role = replica")
            await log.admin.execute("DELETE FROM audit.checkpoint WHERE size > 300")
            await log.admin.execute("UPDATE audit.tree_head SET size = 300")
        with pytest.raises(GuardRefuses, match="1000"):
            await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        await log.witnesses.close()
