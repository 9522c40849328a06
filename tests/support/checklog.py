"""Reads a whole log over HTTP and checks it anew, as every test that wrote to one should end."""

from collections.abc import Iterable

import httpx

from services.kernel.envelope import Envelope, read_envelope
from services.kernel.log.merkle import CompactRange, leaf_hash
from services.kernel.log.note import Checkpoint, Verifier
from services.kernel.log.tiles import bundle_path, bundles_of, decode_bundle
from tests.support.authorities import AUTHORITIES
from tests.support.schemas import validate_event


def read_log(base: str, token: str) -> tuple[Checkpoint, list[bytes]]:
    """The signed checkpoint and the entries it covers, whose root is recomputed. `base` ends in `/audit/`."""
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base, headers=headers, timeout=30, trust_env=False, verify=AUTHORITIES) as client:
        verifier = Verifier.parse(_text(client, "vkey").strip())
        checkpoint = Checkpoint.open(_text(client, "checkpoint"), verifier)
        entries: list[bytes] = []
        for n, width in bundles_of(checkpoint.size):
            entries += decode_bundle(_bytes(client, bundle_path(n, width)))
    tree = CompactRange()
    tree.extend(map(leaf_hash, entries))
    assert (tree.size, tree.root()) == (checkpoint.size, checkpoint.root)
    return checkpoint, entries


def check_entries(entries: Iterable[bytes]) -> list[Envelope]:
    """The events of a log: each valid, no id twice, each unit's `unitseq` from 1 without gaps."""
    events: list[Envelope] = []
    seen: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, raw in enumerate(entries):
        validate_event(raw)
        event = read_envelope(raw)
        assert event.id not in seen, f"{event.id} is entry {seen[event.id]} and entry {index}"
        assert event.unitseq == last.get(event.unit, 0) + 1, f"entry {index}: {event.unit} {event.unitseq}"
        seen[event.id], last[event.unit] = index, event.unitseq
        events.append(event)
    return events


def _bytes(client: httpx.Client, path: str) -> bytes:
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer.content


def _text(client: httpx.Client, path: str) -> str:
    return _bytes(client, path).decode()
