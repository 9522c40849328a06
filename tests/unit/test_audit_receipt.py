"""Receipts: written, read back, and refused when anything in them is changed."""

import base64

import pytest

from services.audit.receipt import Receipt
from services.kernel.log import merkle
from services.kernel.log.merkle import BadProof, CompactRange
from services.kernel.log.note import BadNote, Checkpoint, Signer

SIGNER = Signer("kycuong.local/0123456789ab", bytes(32))
EVENTS = [f"event {i}".encode() for i in range(11)]


def receipt(index: int) -> Receipt:
    leaves = [merkle.leaf_hash(event) for event in EVENTS]
    tree = CompactRange()
    tree.extend(leaves)
    proof = merkle.inclusion_proof(index, 11, lambda level, i: merkle.perfect_root(leaves[i << level : i + 1 << level]))
    return Receipt(index, proof, SIGNER.sign(Checkpoint(SIGNER.name, 11, tree.root()).text()))


@pytest.mark.parametrize("index", [0, 7, 10])
def test_a_receipt_proves_its_event_and_no_other(index: int) -> None:
    text = receipt(index).text()
    assert text.startswith(f"c2sp.org/tlog-proof@v1\nindex {index}\n")
    read = Receipt.parse(text)
    assert read.verify(EVENTS[index], SIGNER.verifier).size == 11
    with pytest.raises(BadProof):
        read.verify(b"another event", SIGNER.verifier)
    with pytest.raises(BadProof):
        Receipt(index ^ 1, read.proof, read.note).verify(EVENTS[index], SIGNER.verifier)


def test_a_receipt_of_one_entry_has_no_path() -> None:
    leaf = merkle.leaf_hash(b"only")
    text = Receipt(0, [], SIGNER.sign(Checkpoint(SIGNER.name, 1, leaf).text())).text()
    assert text.split("\n\n")[0] == "c2sp.org/tlog-proof@v1\nindex 0"
    Receipt.parse(text).verify(b"only", SIGNER.verifier)


def test_an_extra_line_is_passed_over() -> None:
    text = receipt(3).text().replace("@v1\n", "@v1\nextra " + base64.b64encode(b"x").decode() + "\n", 1)
    assert Receipt.parse(text).verify(EVENTS[3], SIGNER.verifier).size == 11


def test_the_key_of_another_log_proves_nothing() -> None:
    with pytest.raises(BadNote):
        receipt(3).verify(EVENTS[3], Signer(SIGNER.name, b"\1" * 32).verifier)


@pytest.mark.parametrize(
    "change",
    [("tlog-proof@v1", "tlog-proof@v2"), ("index 3", "index 03"), ("index 3", "index"), ("index 3\n", "index 3\n!\n")],
)
def test_a_broken_receipt_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(BadNote):
        Receipt.parse(receipt(3).text().replace(*change))
    with pytest.raises(BadNote):
        Receipt.parse("")
