"""The RFC 6962 tree: hashes, compact ranges, proofs and their verifiers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""The hash of the perfect subtree at (level, index): leaves are level 0."""


class BadProof(ValueError):
    """The proof does not lead from what is claimed to the root."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf (RFC 6962 §2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of sibling hashes."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} hashes make no perfect subtree")
    row = hashes
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    return row[0]


def fold_right(hashes: Sequence[bytes]) -> bytes:
    """One hash over neighbouring subtrees, largest first: the right edge is folded upward."""
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


class CompactRange:
    """The state an appender keeps: the size and the peaks (roots of the perfect subtrees), left to right."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count() or any(len(h) != HASH_SIZE for h in self.hashes):
            raise ValueError(f"{len(self.hashes)} hashes are not the peaks of a tree of {size}")

    def append(self, leaf: bytes) -> None:
        """Add the next leaf, given by its hash."""
        peaks = self.hashes
        # Each trailing one bit of the size is a subtree that the new leaf completes.
        merge = self.size
        while merge & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            merge >>= 1
        peaks.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves in order, given by their hashes."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The tree's root at this size."""
        return fold_right(self.hashes)

    def copy(self) -> CompactRange:
        """An independent range at the same size."""
        return CompactRange(self.size, self.hashes)


def split(size: int) -> int:
    """The largest power of two below size (size at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def perfect_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees (level, index) that make up leaves [start, end), left to right."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def range_hash(start: int, end: int, node_at: NodeAt) -> bytes:
    """MTH(D[start:end]) where [start, end) is a range a proof names."""
    return fold_right([node_at(level, index) for level, index in perfect_nodes(start, end)])


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaf ranges whose hashes are the audit path of a leaf, leaf to root."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The leaf ranges whose hashes prove that a tree of `new` extends the one of `old` (RFC 6962 §2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not extend one of {old}")
    if old in (0, new):
        return []
    start, end, whole, ranges = 0, new, True, []
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """The audit path of a leaf, leaf to root."""
    return [range_hash(start, end, node_at) for start, end in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """The proof that a tree of `new` leaves extends the one of `old`."""
    return [range_hash(start, end, node_at) for start, end in consistency_ranges(old, new)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf (its hash) is at `index` of the tree with this root; raises BadProof (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    if any(len(one) != HASH_SIZE for one in (leaf, root, *proof)):
        raise BadProof("what should be a hash is not 32 bytes")
    node, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadProof("the inclusion proof is too long")
        if node & 1 or node == last:
            running = node_hash(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadProof("the inclusion proof is too short")
    if running != root:
        raise BadProof("the inclusion proof leads to another root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the new tree extends the old one; raises BadProof (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new:
        raise BadProof(f"a tree of {new} does not extend one of {old}")
    if old == 0 and (old_root != EMPTY_ROOT or len(new_root) != HASH_SIZE):
        raise BadProof("the old root is not that of an empty tree, or the new one no hash")
    if old in (0, new):
        if proof or (old == new and old_root != new_root):
            raise BadProof("trees of these sizes take an empty proof and, when equal, the same root")
        return
    _fold_consistency(old, new, old_root, new_root, proof)


def _fold_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("the consistency proof is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    running_old = running_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadProof("the consistency proof is too long")
        if node & 1 or node == last:
            running_old, running_new = node_hash(sibling, running_old), node_hash(sibling, running_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running_new = node_hash(running_new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or running_old != old_root or running_new != new_root:
        raise BadProof("the consistency proof does not join the two roots")
