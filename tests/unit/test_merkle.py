"""The tree mathematics against a naive tree, and against an independent implementation."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlog_scales import tlog as other

from services.kernel.log import merkle
from services.kernel.log.merkle import BadProof, CompactRange


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def entries(size: int) -> list[bytes]:
    return [f"entry {i}".encode() for i in range(size)]


def node_at(size: int) -> merkle.NodeAt:
    leaves = [merkle.leaf_hash(e) for e in entries(size)]
    return lambda level, index: merkle.perfect_root(leaves[index << level : index + 1 << level])


def compact(size: int) -> CompactRange:
    tree = CompactRange()
    tree.extend(merkle.leaf_hash(e) for e in entries(size))
    return tree


def test_known_hashes() -> None:
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    # The first leaf and the three-leaf root of certificate-transparency's reference tree.
    leaves = [b"", b"\x00", b"\x10"]
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    tree = CompactRange()
    tree.extend(merkle.leaf_hash(leaf) for leaf in leaves)
    assert tree.root().hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"


@given(st.lists(st.binary(max_size=40), max_size=300))
def test_compact_range_has_the_root_of_the_naive_tree(leaves: list[bytes]) -> None:
    tree = CompactRange()
    tree.extend(merkle.leaf_hash(leaf) for leaf in leaves)
    assert (tree.size, tree.root()) == (len(leaves), naive_root(leaves))
    again = CompactRange(tree.size, tree.hashes)
    assert again.root() == tree.root()


def test_compact_range_refuses_peaks_of_another_size() -> None:
    with pytest.raises(ValueError, match="not the peaks"):
        CompactRange(3, [b"\x00" * 32])
    with pytest.raises(ValueError, match="not the peaks"):
        CompactRange(1, [b"short"])


def test_copy_is_independent() -> None:
    tree = compact(5)
    copy = tree.copy()
    copy.append(merkle.leaf_hash(b"x"))
    assert (tree.size, tree.root()) == (5, naive_root(entries(5)))


@given(st.integers(1, 600).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_inclusion_proofs_hold_here_and_elsewhere(case: tuple[int, int]) -> None:
    index, size = case
    proof = merkle.inclusion_proof(index, size, node_at(size))
    root = naive_root(entries(size))
    leaf = merkle.leaf_hash(entries(size)[index])
    merkle.verify_inclusion(leaf, index, size, proof, root)
    other.InclusionProof(index, size, proof).check(leaf, root)


@given(st.integers(1, 400).flatmap(lambda new: st.tuples(st.integers(0, new), st.just(new))))
def test_consistency_proofs_hold_here_and_elsewhere(case: tuple[int, int]) -> None:
    old, new = case
    proof = merkle.consistency_proof(old, new, node_at(new))
    old_root, new_root = naive_root(entries(old)), naive_root(entries(new))
    merkle.verify_consistency(old, new, old_root, new_root, proof)
    if old:
        other.ConsistencyProof(old, new, proof).check(old_root, new_root)


@given(
    st.integers(2, 300).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))),
    st.integers(0, 3),
    st.data(),
)
def test_a_changed_inclusion_proof_is_refused(case: tuple[int, int], way: int, data: st.DataObject) -> None:
    index, size = case
    proof = merkle.inclusion_proof(index, size, node_at(size))
    root, leaf = naive_root(entries(size)), merkle.leaf_hash(entries(size)[index])
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = {
        0: proof[:at] + proof[at + 1 :],
        1: [*proof[:at], b"\x00" * 32, *proof[at:]],
        2: [*proof[:at], sha256(proof[at]).digest(), *proof[at + 1 :]],
        3: [*proof, root],
    }[way]
    with pytest.raises(BadProof):
        merkle.verify_inclusion(leaf, index, size, changed, root)


@given(st.integers(2, 300).flatmap(lambda new: st.tuples(st.integers(1, new - 1), st.just(new))), st.data())
def test_a_changed_consistency_proof_is_refused(case: tuple[int, int], data: st.DataObject) -> None:
    old, new = case
    proof = merkle.consistency_proof(old, new, node_at(new))
    roots = naive_root(entries(old)), naive_root(entries(new))
    at = data.draw(st.integers(0, len(proof) - 1))
    for changed in (proof[:at] + proof[at + 1 :], [*proof[:at], b"\x00" * 32, *proof[at + 1 :]], [*proof, proof[at]]):
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, new, *roots, changed)


def test_edges_of_the_verifiers() -> None:
    root = naive_root(entries(3))
    with pytest.raises(BadProof):
        merkle.verify_inclusion(root, 3, 3, [], root)
    with pytest.raises(BadProof):
        merkle.verify_consistency(4, 3, root, root, [])
    with pytest.raises(BadProof):
        merkle.verify_consistency(3, 3, root, merkle.EMPTY_ROOT, [])
    with pytest.raises(BadProof):
        merkle.verify_consistency(0, 3, root, root, [])
    merkle.verify_consistency(0, 3, merkle.EMPTY_ROOT, root, [])
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_ranges(0, 0)
