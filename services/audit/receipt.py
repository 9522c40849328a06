"""A receipt: the tlog-proof (C2SP) that an event is in the log. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from services.kernel.log.merkle import leaf_hash, verify_inclusion
from services.kernel.log.note import BadNote, Checkpoint, Verifier

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event stands, the path to the root, and the signed checkpoint (verbatim) that covers it."""

    index: int
    proof: Sequence[bytes]
    note: str

    def text(self) -> str:
        """The receipt as served."""
        path = "".join(f"{base64.b64encode(node).decode()}\n" for node in self.proof)
        return f"{HEADER}\nindex {self.index}\n{path}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a receipt; raises BadNote. An `extra` line is passed over: nothing authenticates it."""
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != HEADER:
            raise BadNote(f"a receipt begins with {HEADER}")
        rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
        match = _INDEX.fullmatch(rest[0]) if rest else None
        if match is None:
            raise BadNote("a receipt names the entry's index")
        return cls(int(match[1]), [_node(line) for line in rest[1:]], note)

    def verify(self, event: bytes, verifier: Verifier) -> Checkpoint:
        """The checkpoint that proves these event bytes to be in the log; raises BadNote or BadProof."""
        checkpoint = Checkpoint.open(self.note, verifier)
        verify_inclusion(leaf_hash(event), self.index, checkpoint.size, self.proof, checkpoint.root)
        return checkpoint


def _node(line: str) -> bytes:
    try:
        node = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise BadNote("a proof line is not base64") from error
    if len(node) != 32 or base64.b64encode(node).decode() != line:
        raise BadNote("a proof line is not 32 bytes, or not in its one canonical form")
    return node
