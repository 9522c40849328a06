"""The lines printed in docs/verify.md accept true receipts of every shape and nothing else."""

import base64
from collections.abc import Callable

import pytest

from services.kernel.merkle import CompactRange, inclusion_proof, leaf_hash, node_hash
from services.kernel.note import Checkpoint, Signer
from tests.support.receipts import documented_check

ORIGIN = "kycuong.local/3f9a0c1d2e4b"
SIGNER = Signer.generate(ORIGIN)
ENTRIES = [f'{{"n":{number}}}'.encode() for number in range(34)]


def _node(level: int, number: int) -> bytes:
    if level == 0:
        return leaf_hash(ENTRIES[number])
    return node_hash(_node(level - 1, 2 * number), _node(level - 1, 2 * number + 1))


def _receipt(index: int, size: int, extra: str = "") -> str:
    tree = CompactRange()
    tree.extend(map(leaf_hash, ENTRIES[:size]))
    note = SIGNER.sign(Checkpoint(ORIGIN, size, tree.root()).text())
    path = (base64.b64encode(digest).decode() for digest in inclusion_proof(index, size, _node))
    return "\n".join(["c2sp.org/tlog-proof@v1", *([extra] if extra else []), f"index {index}", *path, "", note])


@pytest.mark.parametrize("size", range(1, len(ENTRIES) + 1))
def test_every_index_of_every_size_is_accepted(size: int) -> None:
    check = documented_check()
    for index in range(size):
        assert check(ENTRIES[index], _receipt(index, size), SIGNER.vkey) == index
        with pytest.raises(AssertionError):
            check(ENTRIES[index] + b" ", _receipt(index, size), SIGNER.vkey)


def test_an_extra_line_is_passed_over() -> None:
    assert documented_check()(ENTRIES[3], _receipt(3, 7, extra="extra AAAA"), SIGNER.vkey + "\n") == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("index 3", "index 2"),
        lambda text: text.replace("\n20\n", "\n21\n"),
        lambda text: text.replace("tlog-proof@v1", "tlog-proof@v2"),
        lambda text: text.replace(ORIGIN, "kycuong.local/000000000000"),
        lambda text: "\n".join(line for number, line in enumerate(text.split("\n")) if number != 3),
        lambda text: text.split("\n\n")[0] + "\n\n" + "\n\n".join(_receipt(3, 19).split("\n\n")[1:]),
    ],
    ids=["index", "size", "format", "origin", "a hash less", "another checkpoint"],
)
def test_a_changed_receipt_is_refused(change: Callable[[str], str]) -> None:
    receipt = _receipt(3, 20)
    changed = change(receipt)
    assert changed != receipt
    with pytest.raises(Exception):  # noqa: B017 - the page promises an exception, of whatever kind
        documented_check()(ENTRIES[3], changed, SIGNER.vkey)


def test_another_key_of_the_same_name_is_refused() -> None:
    with pytest.raises(AssertionError):
        documented_check()(ENTRIES[3], _receipt(3, 20), Signer.generate(ORIGIN).vkey)
