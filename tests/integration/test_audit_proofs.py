"""Proofs between any sizes, as two implementations check them; which sizes were signed, and how the log grew."""

import asyncio
import base64
import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from tlog_scales import tiles, tlog

from services.audit.proofs import prove_consistency, prove_inclusion
from services.audit.tree import POINTS, growth_of, queries
from services.kernel.log import merkle
from services.kernel.log.merkle import CompactRange
from services.kernel.log.note import Checkpoint
from services.kernel.process.settings import Settings
from tests.support.audit_app import SIZE, App
from tests.support.events import event_id, finding, many, record
from tests.support.log import open_log

ROLES = ("inspector", "lead", "unit_head", "reviewer", "auditor", "admin")
TALL = 66_000  # so that the tree has a third level of tiles


def unpack(texts: Sequence[str]) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts]


def check_inclusion(told: dict[str, Any], leaf: bytes, root: bytes) -> None:
    """The answer names this leaf and root, and both implementations are led from one to the other."""
    assert unpack([told["leaf"], told["root"]]) == [leaf, root]
    proof = unpack(told["proof"])
    merkle.verify_inclusion(leaf, told["index"], told["size"], proof, root)
    tlog.InclusionProof(told["index"], told["size"], proof).check(leaf, root)


def check_consistency(told: dict[str, Any], old_root: bytes, new_root: bytes) -> None:
    assert unpack([told["from_root"], told["to_root"]]) == [old_root, new_root]
    proof = unpack(told["proof"])
    merkle.verify_consistency(told["from"], told["to"], old_root, new_root, proof)
    if told["from"]:  # the other implementation takes no empty tree but as the whole proof
        tlog.ConsistencyProof(told["from"], told["to"], proof).check(old_root, new_root)


class Tree:
    """The same tree, made here from the events alone."""

    def __init__(self, origin: str, size: int) -> None:
        self.leaves = [tiles.leaf_hash(one.value) for one in many(size, origin)]

    @cache  # noqa: B019 - a test's own
    def root(self, size: int) -> bytes:
        tree = CompactRange()
        tree.extend(self.leaves[:size])
        return tree.root()


async def test_inclusion_by_id_or_index_is_checked_by_two_implementations(filled: App) -> None:
    token, tree = await filled.token("inspector", "xa-001"), Tree(filled.log.origin, SIZE)
    checkpoint = await filled.reach(SIZE)
    for index in (0, 255, 256, 511, 512, 599):
        told = (await filled.get(f"v1/proofs/inclusion?index={index}", token)).json()
        assert told == (await filled.get(f"v1/proofs/inclusion?id={event_id(index)}", token)).json()
        check_inclusion(told, tree.leaves[index], checkpoint.root)
        assert Checkpoint.open(told["checkpoint"], filled.log.signer.verifier) == checkpoint
    older = (await filled.get("v1/proofs/inclusion?index=3&size=300", token)).json()
    check_inclusion(older, tree.leaves[3], tree.root(300))
    assert older["checkpoint"] is None, "that size's note is not the public one"
    same = (await filled.get(f"v1/proofs/inclusion?index=3&size={SIZE}", token)).json()
    assert same["checkpoint"] is not None


async def test_consistency_between_sizes_is_checked_by_two_implementations(filled: App) -> None:
    token, tree = await filled.token("unit_head", "xa-001"), Tree(filled.log.origin, SIZE)
    for old in (0, 1, 2, 255, 256, 257, 512, 599, SIZE):
        told = (await filled.get(f"v1/proofs/consistency?from={old}", token)).json()
        assert (told["from"], told["to"]) == (old, SIZE)
        check_consistency(told, tree.root(old), tree.root(SIZE))
    between = (await filled.get("v1/proofs/consistency?from=257&to=513", token)).json()
    check_consistency(between, tree.root(257), tree.root(513))


async def test_what_was_signed_stays_provable_as_the_log_grows(filled: App) -> None:
    token, old = await filled.token("auditor"), await filled.reach(SIZE)
    await filled.log.publish(many(700, filled.log.origin, SIZE))
    new = await filled.reach(SIZE + 700)
    told = (await filled.get(f"v1/proofs/consistency?from={old.size}", token)).json()
    check_consistency(told, old.root, new.root)
    assert Checkpoint.open(
        (await filled.get(f"v1/proofs/inclusion?index={SIZE}", token)).json()["checkpoint"], filled.log.signer.verifier
    )


async def test_any_entry_and_any_two_sizes_of_a_tall_tree_can_be_proved(app: App) -> None:
    await app.log.publish(many(TALL, app.log.origin))
    await app.reach(TALL)
    tree, chance = Tree(app.log.origin, TALL), random.Random(4)
    marks = [1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, TALL]
    for size in [*marks, *(chance.randint(1, TALL) for _ in range(12))]:
        for index in {0, size // 2, size - 1, chance.randrange(size)}:
            told = await prove_inclusion(app.log.pool, index, size, None)
            check_inclusion(told.model_dump(), tree.leaves[index], tree.root(size))
        for old in {0, 1, size, chance.randint(0, size), *(mark for mark in chance.sample(marks, 3) if mark <= size)}:
            proved = await prove_consistency(app.log.pool, old, size)
            check_consistency(proved.model_dump(by_alias=True), tree.root(old), tree.root(size))


async def test_proofs_are_for_every_role_and_nobody_else(filled: App) -> None:
    for path in ("v1/proofs/inclusion?index=1", "v1/proofs/consistency?from=1"):
        assert await filled.problem(401, path) == "unauthorized"
        for role in ROLES:
            assert (await filled.get(path, await filled.token(role))).status_code == 200


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ("inclusion", "/index"),
        (f"inclusion?index=1&id={event_id(1)}", "/index"),
        ("inclusion?index=-1", "/index"),
        ("inclusion?index=x", "/index"),
        (f"inclusion?index={1 << 63}", "/index"),
        ("inclusion?index=1&size=-1", "/size"),
        ("inclusion?id=nonsense", "/id"),
        (f"inclusion?id={event_id(0xABC).upper()}", "/id"),
        (f"inclusion?id={event_id(1)}%0A", "/id"),
        (f"inclusion?id={event_id(1)}&wait=31", "/wait"),
        ("consistency", "/from"),
        ("consistency?from=-1", "/from"),
        ("consistency?from=5&to=4", "/from"),
        ("consistency?from=1&to=x", "/to"),
    ],
)
async def test_what_is_asked_wrongly_is_named(filled: App, asked: str, pointer: str) -> None:
    answer = await filled.get(f"v1/proofs/{asked}", await filled.token("auditor"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_no_checkpoint_covers_is_not_found(filled: App) -> None:
    token = await filled.token("auditor")
    for asked in (
        f"inclusion?index={SIZE}",
        f"inclusion?index=1&size={SIZE + 1}",
        "inclusion?index=5&size=5",
        f"inclusion?index=0&size={(1 << 63) - 1}",
        f"inclusion?id={uuid4()}",
        f"inclusion?id={event_id(5)}&size=5",
        f"consistency?from={SIZE + 1}",
        f"consistency?from=1&to={SIZE + 1}",
    ):
        assert await filled.problem(404, f"v1/proofs/{asked}", token) == "not-found"


async def test_a_proof_waits_for_an_event_that_is_not_known_yet(app: App) -> None:
    token = await app.token("inspector")
    await app.reach(0)
    asking = asyncio.create_task(app.get(f"v1/proofs/inclusion?id={event_id(3)}&wait=20", token))
    await asyncio.sleep(0.5)
    raw = finding(3, "xa-009", 1, origin=app.log.origin)
    await app.log.publish([record(raw, "xa-009")])
    told = (await asking).json()
    check_inclusion(told, tiles.leaf_hash(raw), tiles.leaf_hash(raw))
    assert await app.problem(404, f"v1/proofs/inclusion?id={uuid4()}&wait=0.3", token) == "not-found"


async def test_the_signed_sizes_are_listed_newest_first(filled: App) -> None:
    first = (await filled.get("v1/checkpoints")).json()
    sizes = [one["size"] for one in first["items"]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == SIZE and sizes[-1] == 0
    assert first["next"] is None
    assert base64.b64decode(first["items"][-1]["root"]) == merkle.EMPTY_ROOT
    seen, before = [], f"{SIZE + 1}"
    while before != "None":
        page = (await filled.get(f"v1/checkpoints?limit=1&before={before}")).json()
        seen += page["items"]
        before = str(page["next"])
    assert seen == first["items"]
    for wrong in ("limit=0", "limit=1001", "before=-1", "before=x"):
        assert await filled.problem(422, f"v1/checkpoints?{wrong}") == "invalid"


async def test_growth_ends_with_the_newest_checkpoint(filled: App) -> None:
    points = (await filled.get("v1/growth")).json()["points"]
    assert points[0]["size"] == 0 and points[-1]["size"] == SIZE
    assert points == sorted(points, key=lambda point: point["signed_at"])


async def test_growth_of_a_million_checkpoints_is_a_few_looks_at_the_index(settings: Settings) -> None:
    async with open_log(settings) as log:
        assert await growth_of(log.pool) == []
        await log.admin.execute(
            "INSERT INTO audit.checkpoint (size, root, note, signed_at) SELECT n, sha256(''), 'a note',"
            " timestamptz '2026-01-01' + n * interval '1 second' FROM generate_series(0, 100000) AS n"
        )
        await log.admin.execute("ANALYZE audit.checkpoint")
        points = await growth_of(log.pool)
        assert (len(points), points[0][1], points[-1][1]) == (POINTS, 0, 100_000)
        steps = [after[1] - before[1] for before, after in pairwise(points)]
        assert max(steps) - min(steps) <= 1
        rows = await log.admin.fetch(f"EXPLAIN (ANALYZE, BUFFERS OFF) {queries.growth}", POINTS - 1)
        plan = "\n".join(row[0] for row in rows)
        assert "Seq Scan on checkpoint" not in plan, plan
        assert plan.count("Index") >= 2, plan
