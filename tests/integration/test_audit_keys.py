"""The log's keys through a rotation, on a real database: who signs, who reads on, what a crash or a mistake leaves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from services.audit import keys, readers
from services.audit.app import create_app
from services.audit.errors import GuardRefuses
from services.audit.guard import check_guard, guard_of, open_keys
from services.audit.keys import KeyRing, add_key, additions, retire_key
from services.audit.readers import Readers, add_reader, remove_reader
from services.audit.signer import trust
from services.kernel.feed.client import find_keys
from services.kernel.log.note import BadNote, Checkpoint, Signer, Verifier, split_note
from services.kernel.process.folder import Folder, write_durably
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from tests.support.audit_app import App
from tests.support.events import event_id, many
from tests.support.log import Log, drain, open_log

ORIGIN = "kycuong.test/log"


@pytest_asyncio.fixture
async def log(settings: Settings) -> AsyncIterator[Log]:
    async with open_log(settings) as log:
        yield log


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder whose log was made: one key signs and is written down."""
    folder = Folder(tmp_path / "data").prepare()
    folder.origin(ORIGIN)
    ring = open_keys(folder, ORIGIN)
    write_durably(folder.log_dir / "vkey", ring.vkey + "\n", 0o644)
    return folder


def announced(folder: Folder, write_id: str = "one") -> str:
    """A further key that the log tells of; its id."""
    addition = add_key(folder, folder.origin(), write_id)
    addition.mark_announced()
    return addition.key.name


async def grow(log: Log, count: int) -> None:
    await log.publish(many(count, log.origin, await log.size()))
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    await log.sign()


def guarded_by(folder: Folder) -> set[bytes]:
    """The ids of the keys that signed the guard."""
    path = folder.log_dir / "guard/checkpoint"
    return {blob[:4] for _, blob in split_note(path.read_text())[1]} if path.exists() else set()


async def signed_by(app: FastAPI) -> set[bytes]:
    """The ids of the keys that signed what is public; none before anything is."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t", trust_env=False) as client:
        answer = await client.get("/audit/checkpoint")
    return {blob[:4] for _, blob in split_note(answer.text)[1]} if answer.status_code == 200 else set()


async def public(log: Log) -> str:
    return str(await log.pool.fetchval("SELECT note FROM audit.publication ORDER BY seq DESC LIMIT 1"))


async def test_both_keys_sign_until_the_old_one_is_retired_and_every_note_is_still_opened(log: Log) -> None:
    folder, old = log.settings.folder, log.signer.verifier
    trusted = await find_keys(folder, "http://127.0.0.1:1/")
    await grow(log, 10)
    before = await public(log)
    new_id = announced(folder)
    await log.sign()
    both = await public(log)
    new = Verifier.parse(next(vkey for vkey in folder.vkeys() if vkey != old.vkey))
    assert new.key_id.hex() == new_id
    assert split_note(both)[0] == split_note(before)[0], "the same tree is published again for its second signature"
    for verifier in (old, new):
        assert Checkpoint.open(both, verifier).size == 10
    assert retire_key(folder, old.key_id.hex()) == new.vkey == folder.vkey()
    await grow(log, 10)
    after = await public(log)
    assert Checkpoint.open(after, new).size == 20
    with pytest.raises(BadNote, match="no known key"):
        Checkpoint.open(after, old)
    assert [Checkpoint.open(note, *trusted()).size for note in (before, both, after)] == [10, 10, 20]
    assert (log.signer.vkey, trusted()) == (new.vkey, [old, new]), "a reader that runs learns of it from the folder"
    await log.check(20)


async def test_the_guard_opens_what_a_retired_key_signed(log: Log) -> None:
    """The new key alone signs, and nothing was signed since: the guard's note is the old key's."""
    await grow(log, 10)
    folder, old_id = log.settings.folder, log.signer.verifier.key_id.hex()
    announced(folder)
    retire_key(folder, old_id)
    ring = open_keys(folder, log.origin)
    assert [signer.verifier.key_id.hex() for signer in ring.signers] != [old_id]
    assert (await check_guard(log.pool, guard_of(folder, ring))).size == 10
    await grow(log, 5)
    await log.check(15)


async def test_a_key_that_others_can_read_refuses_the_start(settings: Settings) -> None:
    async with open_log(settings):
        path = settings.folder.secrets_dir / "log_keys" / announced(settings.folder)
        for mode in (0o640, 0o604):
            path.chmod(mode)
            with pytest.raises(StartRefused, match=rf"người khác đọc được khóa ký {path.name}.*chmod 600"):
                app = create_app(settings)
                async with app.router.lifespan_context(app):
                    pass
        path.chmod(0o600)
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            assert app.state.service.keys.signers[1].verifier.key_id.hex() == path.name


async def test_a_running_log_signs_with_a_new_key_within_seconds_though_nothing_grows(log: Log) -> None:
    app = create_app(log.settings)
    async with app.router.lifespan_context(app):
        served = App(app, log)
        await served.reach(0)
        old = log.signer.vkey
        assert (await served.get("v1/keys")).json() == {"signing": [old], "known": [old]}
        announced(log.settings.folder)
        async with asyncio.timeout(60):
            while len(split_note((await served.get("checkpoint")).text)[1]) < 2:
                await asyncio.sleep(0.05)
        listed = (await served.get("v1/keys")).json()
        assert listed["signing"] == listed["known"] == log.settings.folder.vkeys()
        assert (await served.get("vkey")).text == old + "\n", "until it is retired, the older one"
        retire_key(log.settings.folder, old.split("+")[1])
        new = listed["signing"][1]
        assert (await served.get("vkey")).text == new + "\n"
        assert (await served.get("v1/keys")).json() == {"signing": [new], "known": [old, new]}
        await served.client.aclose()


def test_a_repeat_finds_the_same_key_until_the_log_tells_of_it(folder: Folder) -> None:
    first = add_key(folder, ORIGIN, "one")
    again = add_key(folder, ORIGIN, "two")
    assert (again.vkey, again.write_id) == (first.vkey, "one"), "the same write, so intake answers as before"
    first.mark_announced()
    other = add_key(folder, ORIGIN, "three")
    assert other.vkey != first.vkey
    assert [each.vkey for each in additions(folder)] == [first.vkey, other.vkey], "oldest first"
    for path in (folder.secrets_dir / "log_keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (folder.secrets_dir / "log_keys").stat().st_mode & 0o777 == 0o700


def test_an_addition_cut_off_at_any_step_is_made_good_by_a_repeat(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for survives in range(3):  # of the three files that are written
        with monkeypatch.context() as patch:
            written = 0

            def cut(path: Path, text: str, mode: int, limit: int = survives) -> None:
                nonlocal written
                if written == limit:
                    raise InterruptedError
                written += 1
                write_durably(path, text, mode)

            patch.setattr(keys, "write_durably", cut)
            with pytest.raises(InterruptedError):
                add_key(folder, ORIGIN, f"cut-{survives}")
        assert len(KeyRing(folder, ORIGIN).signers) == 1
    assert add_key(folder, ORIGIN, "whole").write_id == "whole"
    assert len(KeyRing(folder, ORIGIN).signers) == 2


def test_the_last_key_that_the_log_tells_of_is_not_retired(folder: Folder) -> None:
    first = KeyRing(folder, ORIGIN).verifier.key_id.hex()
    with pytest.raises(ValueError, match="no other key"):
        retire_key(folder, first)
    addition = add_key(folder, ORIGIN, "one")
    with pytest.raises(ValueError, match="no other key"):
        retire_key(folder, first)
    addition.mark_announced()
    with pytest.raises(KeyError):
        retire_key(folder, "00000000")
    assert retire_key(folder, first) == addition.vkey
    assert not (folder.secrets_dir / "log_key").exists()
    assert (folder.secrets_dir / "log_keys/retired" / first).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError, match="no other key"):
        retire_key(folder, addition.key.name)


def test_a_retirement_cut_off_half_way_shuts_nobody_out(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = KeyRing(folder, ORIGIN).verifier
    new_id = announced(folder)

    def cut(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(InterruptedError):
            retire_key(folder, first.key_id.hex())
    assert [s.verifier.key_id.hex() for s in KeyRing(folder, ORIGIN).signers] == [first.key_id.hex(), new_id]
    assert retire_key(folder, first.key_id.hex()).split("+")[1] == new_id


@pytest.mark.parametrize(
    "content",
    ["", "rác\n", Signer.generate("other.example/log").private_text()],
    ids=["empty", "no key", "of another log"],
)
def test_a_key_file_that_cannot_be_used_stops_no_running_log_and_no_start_passes_it(
    folder: Folder, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(folder, ORIGIN)
    signers = ring.signers
    (folder.secrets_dir / "log_keys").mkdir()
    stray = folder.secrets_dir / "log_keys/0123abcd"
    write_durably(stray, content, 0o600)
    assert [ring.signers for _ in range(3)] == [signers] * 3
    assert len([each for each in caplog.records if "stay as they were" in each.message]) == 1
    with pytest.raises(ValueError, match="khóa ký"):
        KeyRing(folder, ORIGIN)
    stray.unlink()
    new_id = announced(folder)
    assert [signer.verifier.key_id.hex() for signer in ring.signers[1:]] == [new_id]


def test_a_key_of_the_environment_signs_beside_those_added_later_and_is_never_written(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data").prepare()
    folder.origin(ORIGIN)
    secret = Signer.generate(ORIGIN)
    ring = open_keys(folder, ORIGIN, secret.private_text())
    write_durably(folder.log_dir / "vkey", ring.vkey + "\n", 0o644)
    addition = add_key(folder, ORIGIN, "one")
    addition.mark_announced()
    assert [signer.vkey for signer in ring.signers] == [secret.vkey, addition.vkey]
    with pytest.raises(ValueError, match="no other key"):
        retire_key(folder, addition.key.name)
    moved = f"{secret.private_text()}\n{addition.key.read_text()}\n"
    assert len(open_keys(folder, ORIGIN, moved).signers) == 2, "a key in both places is one key"
    kept = "".join(path.read_text() for path in folder.path.rglob("*") if path.is_file())
    assert secret.private_text() not in kept
    alone = open_keys(folder, ORIGIN, addition.key.read_text())
    assert (alone.vkey, alone.verifiers) == (addition.vkey, (secret.verifier, Verifier.parse(addition.vkey)))
    with pytest.raises(ValueError, match="does not belong"):
        open_keys(Folder(tmp_path / "data"), ORIGIN, Signer.generate("other.example/log").private_text())


async def test_a_log_signed_from_the_environment_is_handed_from_key_to_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Signer.generate(settings.origin), Signer.generate(settings.origin)

    def app_with(*signers: Signer) -> FastAPI:
        monkeypatch.setenv("KYCUONG_LOG_KEY", "\n".join(signer.private_text() for signer in signers))
        return create_app(Settings(data=settings.data, database_url=settings.database_url))

    for signers in ((old,), (old, new), (new,)):
        app = app_with(*signers)
        async with app.router.lifespan_context(app):
            async with asyncio.timeout(60):
                ids = {signer.verifier.key_id for signer in signers}
                while not (guarded_by(settings.folder) == ids <= await signed_by(app)):
                    await asyncio.sleep(0.05)
        assert settings.folder.vkey() == signers[0].vkey
    assert settings.folder.vkeys() == [old.vkey, new.vkey]
    stranger = app_with(Signer.generate(settings.origin))
    with pytest.raises(StartRefused, match="does not belong"):
        async with stranger.router.lifespan_context(stranger):
            pass


async def test_trust_after_a_rotation_signs_the_guard_with_every_key(log: Log) -> None:
    await grow(log, 10)
    announced(log.settings.folder)
    (log.settings.folder.log_dir / "guard/checkpoint").write_text("hỏng\n")
    with pytest.raises(GuardRefuses, match=r"kycuong log trust.*not a checkpoint of this log"):
        await log.checkpoint_signer(await log.crown())
    await trust(log.pool, log.signer, log.guard)
    assert len(split_note((log.settings.folder.log_dir / "guard/checkpoint").read_text())[1]) == 2
    await log.check(10)


async def test_a_readers_token_reads_bundles_only_and_each_is_taken_back_alone(log: Log) -> None:
    folder = log.settings.folder
    tokens = {name: add_reader(folder, name) for name in ("giam-sat", "ban-sao")}
    app = create_app(log.settings)
    async with app.router.lifespan_context(app):
        served = App(app, log)
        await log.publish(many(3, log.origin))
        await served.reach(3)
        for token in tokens.values():
            assert (await served.get("tile/entries/000.p/3", token)).status_code == 200
            assert (await served.get("v1/checkpoint", token)).status_code == 200
            assert await served.problem(401, f"v1/entries/{event_id(0)}", token) == "unauthorized"
            assert await served.problem(401, f"v1/receipts/{event_id(0)}", token) == "unauthorized"
        assert await served.problem(401, "v1/checkpoint") == "unauthorized"
        renewed = add_reader(folder, "ban-sao")
        assert await served.problem(401, "tile/entries/000.p/3", tokens["ban-sao"]) == "unauthorized"
        assert (await served.get("tile/entries/000.p/3", renewed)).status_code == 200
        assert remove_reader(folder, "giam-sat")
        assert await served.problem(401, "tile/entries/000.p/3", tokens["giam-sat"]) == "unauthorized"
        assert (await served.get("tile/entries/000.p/3", renewed)).status_code == 200
        await served.client.aclose()


def test_no_readers_token_is_kept_in_the_clear(folder: Folder) -> None:
    token = add_reader(folder, "giam-sat")
    (path,) = readers.reader_files(folder)
    assert token not in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    asked = Readers(folder)
    assert asked.accept(token) and asked.accept(folder.read_token())
    for other in ("", path.read_text().strip(), token[:-1], token + "x", "mã"):
        assert not asked.accept(other)
