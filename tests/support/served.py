"""A log made from any entries at all, signed and consistent, as a server would answer or as files."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.audit.verifier.trust import Trust
from services.audit.verifier.verify import Asked, Verdict, verify_source
from services.kernel.log.merkle import leaf_hash
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import Edge, Tile, bundle_path, bundles_of, encode_bundle
from tests.support.authorities import AUTHORITIES
from tests.support.events import finding
from tests.support.instance import free_port

SIGNER = Signer("kycuong.local/0123456789ab", bytes(32))
TRUST = Trust((SIGNER.verifier,))


def entries(count: int, units: int = 3) -> list[bytes]:
    """The first entries of a log: its units in turn."""
    return [finding(i, f"xa-{i % units:03d}", i // units + 1, origin=SIGNER.name) for i in range(count)]


class Served(dict[str, bytes]):
    """A log's files by their paths; also a verifier's source."""

    def __init__(self, entries: Sequence[bytes], signer: Signer = SIGNER) -> None:
        super().__init__()
        edge = Edge()
        for tile in edge.extend([leaf_hash(entry) for entry in entries]):
            self[Tile(tile.level, tile.n).path] = tile.hashes
        for level, row in enumerate(edge.rows):
            if row:
                self[Tile(level, (len(entries) >> 8 * level) // 256, len(row)).path] = b"".join(row)
        for n, width in bundles_of(len(entries)):
            self[bundle_path(n, width)] = encode_bundle(entries[n * 256 : n * 256 + width])
        self.checkpoint = Checkpoint(signer.name, len(entries), edge.range().root())
        self["checkpoint"] = signer.sign(self.checkpoint.text()).encode()

    def get_many(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        return map(self.get, paths)

    def close(self) -> None:
        pass

    def verdict(self, asked: Asked = Asked()) -> Verdict:
        return verify_source(self, TRUST, asked)

    def write(self, folder: Path) -> Path:
        """The folder, which holds these files and no others."""
        shutil.rmtree(folder, ignore_errors=True)
        for path, body in self.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(body)
        return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """What a folder holds."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """The folder behind the standard library's file server, which knows nothing of logs."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(1200):
            try:
                httpx.get(url, trust_env=False, verify=AUTHORITIES)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(60)
