"""The path from a frozen card to the root over its edition's cards (RFC 6962 2.1.1). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from services.kernel.log.merkle import inclusion_proof, leaf_hash, node_hash


def card_path(bodies: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes beside the way from the index-th card, by unit, up to the root."""
    levels = [[leaf_hash(body) for body in bodies]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return inclusion_proof(index, len(bodies), lambda level, place: levels[level][place])
