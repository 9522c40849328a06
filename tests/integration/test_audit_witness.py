"""Witnesses: public is what enough of them have cosigned; the services wait for none; none is contradicted."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.responses import Response

from services.audit import witness as witness_module
from services.audit import witnessing as witnessing_module
from services.audit.app import create_app
from services.audit.errors import GuardRefuses
from services.audit.signer import CheckpointSigner
from services.audit.witnessing import Witnesses, Witnessing, policy_of
from services.kernel.log.cosignature import COSIGNATURE, Cosigner, cosignatures
from services.kernel.log.note import Checkpoint, note_line, vkey_text
from services.kernel.log.witness_policy import Policy, Witness
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from tests.support.audit_app import App
from tests.support.events import event_id, many
from tests.support.go import go_program, missing
from tests.support.instance import free_port
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
        monkeypatch.setattr(witness_module, "PATIENCE", 3600)
        witnesses[2].free.clear()
        _, taken = await grow(log, 0)
        async with asyncio.timeout(60):
            assert await taken.step()
        assert cosigned(log, await public(log) or "") == {witnesses[0].name, witnesses[1].name}
        witnesses[2].free.set()
        async with asyncio.timeout(60):
            while (kept := witnesses[2].kept(log.origin)) is None:
                await asyncio.sleep(0.05)
        assert (witnesses[2].asked, kept[0]) == (1, 10), "its answer was taken in, late"
        monkeypatch.setattr(witness_module, "PATIENCE", 0.3)
        witnesses[2].free.clear()
        _, taken = await grow(log, 10)
        assert await taken.step()
        witnesses[2].free.set()
        await asyncio.sleep(0.5)
        await log.check(20)


async def test_a_witness_whose_clock_is_far_ahead_is_no_witness(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path, "3") as witnesses:
        witnesses[0].ahead = 2**40
        _, taken = await grow(log, 0)
        assert not await taken.step()
        state = await log.pool.fetchrow("SELECT * FROM audit.witness_state WHERE name = $1", witnesses[0].name)
        assert "ahead" in state["trouble"] and state["cosigned_at"] is None


@pytest.mark.parametrize("shows", ["what it knows", "what it knew", "nothing"])
async def test_a_witness_that_is_ahead_of_the_database_stops_the_log(log: Log, tmp_path: Path, shows: str) -> None:
    """Also one that shows nothing, or an old checkpoint: it names its size when it is offered a smaller one."""
    async with three(log, tmp_path) as witnesses:
        for each in witnesses:
            each.shows = shows != "nothing"
        _, taken = await grow(log, 0)
        assert await taken.step()
        await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        later = log.signer.sign(Checkpoint(log.origin, 99, bytes(32)).text())
        place = tmp_path / "0.json"
        kept = witnesses[0].kept(log.origin)
        assert kept is not None
        place.write_text(place.read_text().replace('"size": 10', '"size": 99'))
        if shows == "what it knows":
            witnesses[0]._cosign(log.origin, Checkpoint(log.origin, 99, bytes(32)), later)
        with pytest.raises(GuardRefuses, match="99"):
            await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
        leader = log.leader("two")
        await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
        leading = asyncio.create_task(leader.run())
        async with asyncio.timeout(60):
            while leader.trouble is None:
                await asyncio.sleep(0.05)
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        assert "nhân chứng" in leader.trouble


FALSE: dict[str, Callable[[TestWitness, str], Response]] = {
    "without its cosignature": lambda witness, note: Response(""),
    "without its cosignature ": lambda witness, note: Response(note_line("w.example/x", b"\x01" * 76)),
    "not a signature line": lambda witness, note: Response("<html>Xin đăng nhập</html>\n"),
    "does not hold": lambda witness, note: Response(witness.word("another\n7\ntext\n")),
    "is not a time and": lambda witness, note: Response(note_line(witness.name, witness.key.key_id + bytes(72))),
    "too long": lambda witness, note: Response("x" * 100_000),
    "answers 302": lambda witness, note: Response(status_code=302, headers={"location": "/elsewhere"}),
    "answers 404": lambda witness, note: Response(status_code=404),
    "answers 403": lambda witness, note: Response(status_code=403),
    "409 without a size": lambda witness, note: Response("many\n", status_code=409),
    "409 without a size ": lambda witness, note: Response("7", status_code=409),
    "its size changes": lambda witness, note: Response("3\n", status_code=409),
    "inconsistent": lambda witness, note: Response(status_code=422),
    "has cosigned 999 entries": lambda witness, note: Response("999\n", status_code=409),
}


async def test_an_answer_that_is_no_cosignature_counts_for_nothing(log: Log, tmp_path: Path) -> None:
    """Whatever one of them answers, the two others are enough; and once it answers rightly it is heard again."""
    async with three(log, tmp_path) as witnesses:
        odd = witnesses[0]
        for n, (trouble, answer) in enumerate(FALSE.items()):
            odd.says = partial(answer, odd)
            _, taken = await grow(log, 10 * n)
            assert await taken.step(), trouble
            assert cosigned(log, await public(log) or "") == {each.name for each in witnesses[1:]}, trouble
            told = await log.pool.fetchval("SELECT trouble FROM audit.witness_state WHERE name = $1", odd.name)
            assert trouble.strip() in told
        odd.says = None
        assert await taken.step()
        assert cosigned(log, await public(log) or "") == {each.name for each in witnesses}
        await log.check(10 * len(FALSE))


async def test_killed_after_the_witnesses_it_publishes_the_same_tree_at_the_next_start(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with three(log, tmp_path, "all") as witnesses:
        for name in ("audit.after_witnesses", "audit.after_publication"):
            held = await log.size()
            monkeypatch.setattr(witnessing_module, "failpoint", partial(_die_at, name))
            _, taken = await grow(log, held)
            with pytest.raises(ConnectionResetError):
                await taken.step()
            monkeypatch.undo()
            await log.witnesses.close()
            log.witnesses = Witnesses.of(log.witnesses.policy, fail_open=False)  # which remembers nothing
            await log.witnesses.agree(log.pool, log.origin, log.signer.verifiers)
            await log.sign()
            note = await public(log) or ""
            assert Checkpoint.open(note, log.signer.verifier).size == held + 10
            assert cosigned(log, note) == {each.name for each in witnesses}
        assert await log.pool.fetchval("SELECT count(*) FROM audit.publication") == 2, "what is public stays as it is"
        await log.check(20)


def _die_at(place: str, name: str) -> None:
    if name == place:
        raise ConnectionResetError(name)


async def test_what_is_signed_while_witnesses_are_slow_is_passed_over_for_the_newest(log: Log, tmp_path: Path) -> None:
    async with three(log, tmp_path, "all") as witnesses:
        for each in witnesses:
            each.free.clear()
        signer, taken = await grow(log, 0)
        running = asyncio.create_task(taken.run())
        sequencer = log.sequencer(await log.pool.fetchval("SELECT epoch FROM audit.tree_head"))
        for size in (20, 30, 40):
            await log.publish(many(10, log.origin, size - 10))
            await drain(sequencer)
            await signer.step()
            assert signer.latest is not None
            taken.offer(*signer.latest)
        for each in witnesses:
            each.free.set()
        await until(log, 40)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await sequencer.close()
        sizes = [row["size"] for row in await log.pool.fetch("SELECT size FROM audit.publication ORDER BY seq")]
        assert sizes in ([10, 40], [40])
        await log.check(40)


async def until(log: Log, size: int) -> None:
    """Wait until a tree of this size is public."""
    async with asyncio.timeout(60):
        while await log.pool.fetchval("SELECT max(size) FROM audit.publication") != size:
            await asyncio.sleep(0.05)


async def test_a_whole_log_waits_for_its_witnesses_and_goes_on_by_itself(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnessing_module, "FIRST_PAUSE", 0.1)
    waited: list[float] = []
    monkeypatch.setattr(witnessing_module.metrics.unwitnessed, "set", waited.append)
    async with three(log, tmp_path) as witnesses:
        leader = log.leader()
        leading = asyncio.create_task(leader.run())
        await log.publish(many(10, log.origin))
        await until(log, 10)
        witnesses[0].away = witnesses[2].away = True
        waited.clear()
        await log.publish(many(10, log.origin, 10))
        async with asyncio.timeout(60):
            while not any(seconds > 0.2 for seconds in waited):
                await asyncio.sleep(0.05)
        kept = "SELECT max(size) FROM audit.checkpoint"
        assert (await log.pool.fetchval(kept), leader.trouble) == (20, None)
        told = [record for record in await log.told() if record.headers["kind"] == "checkpoint"]
        assert Checkpoint.open(told[-1].value.decode(), log.signer.verifier).size == 20, "no reader waits"
        assert await log.pool.fetchval("SELECT max(size) FROM audit.publication") == 10
        witnesses[2].away = False
        await until(log, 20)
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        assert waited[-1] == 0
        witnesses[0].away = False
        await log.check(20)


async def test_alone_the_log_publishes_in_the_statement_that_keeps(log: Log) -> None:
    """So a kill right after it leaves nothing to publish."""
    await log.publish(many(10, log.origin))
    leading = asyncio.create_task(log.leader().run())
    await until(log, 10)
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    rows = await log.pool.fetch(
        "SELECT signed_at = published_at AS same, c.note = p.note AS whole"
        " FROM audit.checkpoint c LEFT JOIN audit.publication p USING (size)"
    )
    assert [tuple(row) for row in rows] == [(True, True)] * len(rows) and rows
    await log.check(10)


async def test_the_world_reads_what_is_witnessed_and_the_services_what_is_signed(
    settings: Settings, tmp_path: Path
) -> None:
    witness = TestWitness("witness.example/w", tmp_path / "w.json")
    async with open_log(settings) as log, witnessing(witness):
        witness.trusted.append(log.signer.verifier)
        settings.folder.path.joinpath("witness-policy").write_text(f"{witness.line}\nquorum {witness.name}\n")
        log.witnesses = Witnesses.of(policy_of(settings), fail_open=False)
        made = create_app(settings)
        async with made.router.lifespan_context(made):
            app = App(made, log)
            token = await app.token("auditor")
            assert (await app.reach(0)).size == 0
            witness.away = True
            await log.publish(many(300, log.origin))
            async with asyncio.timeout(60):
                while (signed := await app.get("v1/checkpoint", token)).text.split("\n")[1] != "300":
                    await asyncio.sleep(0.05)
            assert (signed.status_code, signed.headers["cache-control"]) == (200, "no-store")
            Checkpoint.open(signed.text, log.signer.verifier)
            assert (await app.get("v1/checkpoint", settings.folder.secret_text("read_token"))).text == signed.text
            assert await app.problem(401, "v1/checkpoint") == "unauthorized"
            assert await app.problem(403, "v1/checkpoint", await app.token("lead")) == "forbidden"
            assert (await app.reach(0)).size == 0, "nothing new is public"
            assert await app.problem(404, f"v1/receipts/{event_id(7)}?wait=0", token) == "not-found"
            assert (await app.get("tile/entries/000", token)).status_code == 200, "tiles may be ahead"
            assert (await app.get("readyz")).status_code == 200
            waiting = asyncio.create_task(app.get(f"v1/receipts/{event_id(7)}?wait=20", token))
            await asyncio.sleep(0.1)
            witness.away = False
            receipt = await waiting
            assert receipt.status_code == 200 and f"— {witness.name} " in receipt.text
            assert (await app.reach(300)).size == 300
            await app.client.aclose()
        place, kept = tmp_path / "w.json", (tmp_path / "w.json").read_text()
        place.write_text(kept.replace('"size": 300', '"size": 999'))
        with pytest.raises(StartRefused, match="has cosigned 999 entries"):
            async with made.router.lifespan_context(made):
                pass
        place.write_text(kept)
        await log.admin.execute("UPDATE audit.lease SET expires_at = '-infinity'")
        await log.check(300)
        await log.witnesses.close()


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
    """torchwood's litewitness, built by the machine's Go; its key lives in an SSH agent."""
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        missing(LITEWITNESS, "there is no ssh-agent on the path")
    return go_program(LITEWITNESS, tmp_path_factory.mktemp("go"))


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
    fingerprint = b64encode(sha256(b64decode(public_line.split()[1])).digest()).decode().rstrip("=")
    with sqlite3.connect(place / "w.db") as database:
        database.executescript(
            "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);"
            "CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));"
        )
        empty = b64encode(sha256(b"").digest()).decode()
        database.execute("INSERT INTO log VALUES (?, 0, ?)", (log.origin, empty))
        database.execute("INSERT INTO key VALUES (?, ?)", (log.origin, log.signer.vkey))
    database.close()
    port = free_port()
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
                process.wait(60)


def _wait(condition) -> None:
    deadline = time.monotonic() + 60
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
