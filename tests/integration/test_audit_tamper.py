"""A superuser changes the stored log: each tampering is found, with the first index that is to blame."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.audit.verifier.remembered import Memory
from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Asked, Verdict, verify_source
from services.kernel.envelope import canonical
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.process.settings import Settings
from tests.support.events import event_id, finding, many, unit_of
from tests.support.log import Answered, Log, _Stored, drain, open_log
from tests.support.tamper import as_superuser, put_note, rewrite, served_files, sign_anew, stored_entries
from tests.support.warm import run

SIZE = 700  # two full tiles, and a partial one of 188
Act = Callable[[Log], Awaitable[None]]
Change = Callable[[list[bytes], str], list[bytes]]


@dataclass(frozen=True)
class Tampering:
    """What is done, the index to be named, the words that say why, and whether only the memory of before tells."""

    act: Act
    index: int | None
    why: str
    by_memory: bool = False


def sql(*statements: str) -> Act:
    async def act(log: Log) -> None:
        await as_superuser(log, *statements)

    return act


def history(change: Change) -> Act:
    """Write the history anew with a change, and sign it with the log's own key."""

    async def act(log: Log) -> None:
        await rewrite(log, change(await stored_entries(log), log.origin))
        await sign_anew(log)

    return act


def at(index: int, replaced: Callable[[bytes], bytes]) -> Act:
    """The history written anew, with one entry replaced."""
    return history(lambda entries, _: [*entries[:index], replaced(entries[index]), *entries[index + 1 :]])


def spelled(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def replaced(raw: bytes) -> bytes:
        assert old in raw
        return raw.replace(old, new)

    return replaced


def with_data(**data: object) -> Callable[[bytes], bytes]:
    def replaced(raw: bytes) -> bytes:
        event = json.loads(raw)
        return canonical(event | {"data": event["data"] | data})

    return replaced


def another(index: int, origin: str) -> bytes:
    """Another finding in the very place of its unit."""
    return finding(90_000 + index, unit_of(index), index // 500 + 1, origin=origin)


def tail(first: int, size: int = SIZE) -> Change:
    return lambda entries, origin: [*entries[:first], *(another(index, origin) for index in range(first, size))]


async def without_signing(log: Log) -> None:
    await rewrite(log, tail(300)(await stored_entries(log), log.origin))


async def flip_signature(log: Log) -> None:
    row = await log.admin.fetchrow("SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    text, _, signature = row["note"].rpartition(" ")
    flipped = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    await put_note(log, Checkpoint(log.origin, row["size"], row["root"]), f"{text} {flipped}")


async def another_key(log: Log) -> None:
    await sign_anew(log, Signer.generate(log.origin))


async def claim_more(log: Log) -> None:
    row = await log.admin.fetchrow("SELECT size, root, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
    note = row["note"].replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")
    await put_note(log, Checkpoint(log.origin, SIZE + 1, row["root"]), note)


def signed(**changes: object) -> Act:
    async def act(log: Log) -> None:
        await sign_anew(log, **changes)

    return act


async def old_checkpoint(log: Log) -> None:
    await rewrite(log, (await stored_entries(log))[:400])
    await sign_anew(log)


async def roll_back_and_grow(log: Log) -> None:
    """An old backup is put in place, and the log goes on from it."""
    await rewrite(log, tail(400, 900)((await stored_entries(log))[:400], log.origin))
    await sign_anew(log)


SWAP = """
    UPDATE audit.entry SET idx = -1 WHERE idx = {a}; UPDATE audit.entry SET idx = {a} WHERE idx = {b};
    UPDATE audit.entry SET idx = {b} WHERE idx = -1
"""
NO_CHECK = "ALTER TABLE audit.entry DROP CONSTRAINT entry_idx_check"
SHIFT = """
    DELETE FROM audit.entry WHERE idx = 300;
    UPDATE audit.entry SET idx = -idx WHERE idx > 300; UPDATE audit.entry SET idx = -idx - 1 WHERE idx < 0
"""
APART = "UPDATE audit.entry SET idx = -idx WHERE idx >= 300; UPDATE audit.entry SET idx = -idx + 1 WHERE idx < 0"
BYTE = "UPDATE audit.entry SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE idx = 300"
EXCHANGE = (
    "UPDATE audit.entry AS here SET bytes = there.bytes FROM audit.entry AS there"
    " WHERE (here.idx, there.idx) IN ((10, 20), (20, 10))"
)
TILES = (
    "UPDATE audit.tile AS here SET hashes = there.hashes, root = there.root FROM audit.tile AS there"
    " WHERE (here.n, there.n) IN ((0, 1), (1, 0))"
)
LEAF = "its bytes do not have the leaf hash"
MISSING = "is missing"
ROOT_DIFFERS = "their root is not the one signed"
FORK = "it does not extend the 700 entries accepted before"
SCHEMA = "not what the schema of its type allows"

TAMPERINGS = {
    "a bit of an entry": Tampering(sql(BYTE), 300, LEAF),
    "an entry emptied": Tampering(sql("UPDATE audit.entry SET bytes = '' WHERE idx = 699"), 699, LEAF),
    "an entry cut short": Tampering(
        sql("UPDATE audit.entry SET bytes = substr(bytes, 1, 100) WHERE idx = 256"), 256, LEAF
    ),
    "two entries exchanged": Tampering(sql(EXCHANGE), 10, LEAF),
    "two rows exchanged, hashes and all": Tampering(sql(NO_CHECK, SWAP.format(a=10, b=20)), 10, LEAF),
    "two rows exchanged in the partial tile": Tampering(sql(NO_CHECK, SWAP.format(a=600, b=610)), None, ROOT_DIFFERS),
    "an entry taken out, the others moved up": Tampering(sql(NO_CHECK, SHIFT), 300, LEAF),
    "the entries moved apart": Tampering(sql(NO_CHECK, APART), 256, MISSING),
    "the last entry taken out": Tampering(sql("DELETE FROM audit.entry WHERE idx = 699"), 512, MISSING),
    "the tail taken off": Tampering(sql("DELETE FROM audit.entry WHERE idx >= 512"), 512, MISSING),
    "a hash of a full tile": Tampering(
        sql("UPDATE audit.tile SET hashes = set_byte(hashes, 160, get_byte(hashes, 160) # 1) WHERE n = 1"), 261, LEAF
    ),
    "a hash of the partial tile": Tampering(sql("UPDATE audit.entry SET leaf = sha256('') WHERE idx = 690"), 690, LEAF),
    "the root of a tile": Tampering(
        sql("UPDATE audit.tile SET root = sha256('') WHERE n = 1"), 256, "does not hold the hash of entries 256 to 511"
    ),
    "a tile taken out": Tampering(sql("DELETE FROM audit.tile WHERE n = 1"), 0, "tile/1/000 is missing"),
    "two tiles exchanged": Tampering(sql(TILES), 0, LEAF),
    "entry, leaf and tile made to agree": Tampering(without_signing, None, ROOT_DIFFERS),
    "the signature": Tampering(flip_signature, None, "does not hold"),
    "a checkpoint signed by another key": Tampering(another_key, None, "no known key signed"),
    "a checkpoint's size": Tampering(claim_more, None, "does not hold"),
    "no checkpoint": Tampering(sql("DELETE FROM audit.checkpoint"), None, "no checkpoint"),
    "a checkpoint of more entries, signed": Tampering(signed(size=SIZE + 1), 512, MISSING),
    "a checkpoint of another root, signed": Tampering(signed(root=bytes(32)), None, ROOT_DIFFERS),
    "a checkpoint of another origin, signed": Tampering(
        signed(origin="example.org"), None, "here is the log example.org"
    ),
    "an entry logged twice, signed": Tampering(
        history(lambda entries, _: [*entries, entries[4]]), SIZE, "the id 01990400-0000-7000-8000-000000000004"
    ),
    "an id used twice, signed": Tampering(
        history(lambda entries, origin: [*entries, finding(4, "xa-200", 2, origin=origin)]),
        SIZE,
        "the id 01990400-0000-7000-8000-000000000004",
    ),
    "an entry left out, signed": Tampering(
        history(lambda entries, _: [*entries[:150], *entries[151:]]), 649, "unit xa-150 goes from number 0 to 2"
    ),
    "a number used twice, signed": Tampering(
        history(lambda entries, origin: [*entries, finding(900, "xa-200", 1, origin=origin)]),
        SIZE,
        "unit xa-200 goes from number 1 to 1",
    ),
    "two entries of a unit exchanged, signed": Tampering(
        history(lambda entries, _: [*entries[:150], entries[650], *entries[151:650], entries[150], *entries[651:]]),
        150,
        "unit xa-150 goes from number 0 to 2",
    ),
    "an entry of another log, signed": Tampering(
        history(lambda entries, _: [*entries, finding(900, "xa-900", 1, origin="example.org")]),
        SIZE,
        "is not this log's",
    ),
    "a value that the schema forbids, signed": Tampering(at(300, with_data(count=0)), 300, SCHEMA),
    "a field that the schema does not know, signed": Tampering(at(300, with_data(name="x")), 300, SCHEMA),
    "a type changed, signed": Tampering(at(300, spelled(b"finding.recorded", b"finding.decided")), 300, SCHEMA),
    "another spelling, signed": Tampering(at(300, spelled(b'"count":3', b'"count": 3')), 300, "not in canonical form"),
    "another spelling of a number, signed": Tampering(
        at(300, spelled(b'"count":3', b'"count":3.0')), 300, "not in canonical form"
    ),
    "too large an entry, signed": Tampering(
        at(300, lambda raw: spelled(b"finding.recorded", b"no.such_thing")(with_data(text="x" * 17_000)(raw))),
        300,
        "over 16384",
    ),
    "no event at all, signed": Tampering(at(300, lambda _: b"\xff"), 300, "it is no event"),
    "the tail left off, signed": Tampering(
        history(lambda entries, _: entries[:650]), None, "only 650 entries, 700 were accepted before", by_memory=True
    ),
    "another last entry, signed": Tampering(
        history(tail(699)), None, "two different roots are signed for 700 entries", by_memory=True
    ),
    "another tail, longer, signed": Tampering(history(tail(690, 720)), 690, FORK, by_memory=True),
    "one early entry replaced, more after, signed": Tampering(
        history(lambda entries, origin: [*entries[:3], another(3, origin), *entries[4:], another(700, origin)]),
        None,
        "among entries 0 to 255",
        by_memory=True,
    ),
    "an old backup": Tampering(old_checkpoint, None, "only 400 entries, 700 were accepted before", by_memory=True),
    "an old backup that grew again": Tampering(roll_back_and_grow, None, "among entries 256 to 511", by_memory=True),
}


async def verdict(log: Log, memory: Memory | None, *, full: bool = True) -> Verdict:
    source, trust = Answered(_Stored(log.pool).get), Trust((log.signer.verifier,))
    return await asyncio.to_thread(verify_source, source, trust, Asked(full=full, memory=memory))


async def filled(log: Log) -> None:
    await log.publish(many(SIZE, log.origin))
    sequencer = log.sequencer(await log.crown())
    await drain(sequencer)
    await sequencer.close()
    await log.check(SIZE)


def program(folder: Path, log: Log, *options: str) -> int:
    """The exit code of the program itself, over the log as served."""
    done = run(["log", "verify", str(folder), "--vkey", log.signer.vkey, "--json", *options])
    assert (done.returncode == 0) == json.loads(done.stdout)["ok"], done.stderr
    return done.returncode


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found(settings: Settings, tmp_path: Path, name: str) -> None:
    tampering, memory = TAMPERINGS[name], Memory(tmp_path / "state")
    async with open_log(settings) as log:
        await filled(log)
        before = await verdict(log, memory)
        assert (before.ok, before.size) == (True, SIZE)
        await tampering.act(log)
        blind, reminded = await verdict(log, None), await verdict(log, memory)
        assert (blind.ok, reminded.ok) == (tampering.by_memory, False), blind.error
        found = reminded if tampering.by_memory else blind
        assert (found.first_bad_index, found.evidence is None) == (tampering.index, not tampering.by_memory)
        assert tampering.why in str(found.error)
        seen = memory.load()
        assert seen is not None and seen.size == SIZE, "nothing is accepted after that"


@pytest.mark.parametrize("name", [name for name, tampering in TAMPERINGS.items() if tampering.by_memory])
async def test_what_only_the_memory_tells_is_found_without_reading_all_anew(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    memory = Memory(tmp_path / "state")
    async with open_log(settings) as log:
        await filled(log)
        assert (await verdict(log, memory)).ok
        await TAMPERINGS[name].act(log)
        found = await verdict(log, memory, full=False)
        assert (found.ok, found.evidence is not None, found.since) == (False, True, SIZE)


@pytest.mark.parametrize("name", ["a bit of an entry", "another spelling, signed", "an old backup that grew again"])
async def test_the_program_says_so_with_its_exit_code(settings: Settings, tmp_path: Path, name: str) -> None:
    state = ["--state", str(tmp_path / "state")]
    async with open_log(settings) as log:
        await filled(log)
        good = await served_files(log, tmp_path / "good")
        assert await asyncio.to_thread(program, good, log, *state) == 0
        await TAMPERINGS[name].act(log)
        bad = await served_files(log, tmp_path / "bad")
        assert await asyncio.to_thread(program, bad, log, *state) == 1
        assert await asyncio.to_thread(program, good, log, *state) == 0


def test_there_are_more_than_twenty() -> None:
    assert len(TAMPERINGS) > 20
    assert event_id(4) == "01990400-0000-7000-8000-000000000004"
