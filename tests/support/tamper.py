"""What somebody with the database's own password can do to a log: change rows, or write a whole history anew."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg

from services.kernel.log.merkle import leaf_hash
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import Edge, bundle_path, bundles_of, tiles_of
from tests.support.log import Log, _Stored


async def as_superuser(log: Log, *statements: str) -> None:
    """Change rows past every trigger."""
    async with log.admin.transaction():
        await log.admin.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await log.admin.execute(statement)


async def stored_entries(log: Log) -> list[bytes]:
    """The entries as they are stored."""
    return [row["bytes"] for row in await log.admin.fetch("SELECT bytes FROM audit.entry ORDER BY idx")]


async def rewrite(log: Log, entries: Sequence[bytes]) -> None:
    """Put another history in the place of the one that is there: entries, tiles and head, each agreeing with all."""
    leaves, edge = [leaf_hash(entry) for entry in entries], Edge()
    filled = edge.extend(leaves)
    tree = edge.range()
    await as_superuser(log, "DELETE FROM audit.entry", "DELETE FROM audit.tile")
    # the columns beside `bytes` are an index for reading; they need not agree with what no longer fits them
    rows = [(at, f"{at:032x}", "x", at + 1, *pair) for at, pair in enumerate(zip(entries, leaves, strict=True))]
    await _insert(log.admin, "entry", "idx, id, unit, unitseq, bytes, leaf", rows)
    await _insert(log.admin, "tile", "level, n, hashes, root", [(t.level, t.n, t.hashes, t.root) for t in filled])
    await log.admin.execute(
        "UPDATE audit.tree_head SET size = $1, root = $2, peaks = $3", tree.size, tree.root(), tree.hashes
    )


async def _insert(admin: asyncpg.Connection, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    places = ", ".join(f"${n}" for n in range(1, columns.count(",") + 2))
    await admin.executemany(f"INSERT INTO audit.{table} ({columns}) VALUES ({places})", rows)


async def sign_anew(log: Log, signer: Signer | None = None, **changes: object) -> None:
    """Replace every checkpoint by one of the head, or of what is said instead, signed with the log's own key."""
    head = await log.admin.fetchrow("SELECT size, root FROM audit.tree_head")
    said = {"origin": log.origin, "size": head["size"], "root": head["root"]} | changes
    checkpoint = Checkpoint(**said)  # type: ignore[arg-type]
    await put_note(log, checkpoint, (signer or log.signer).sign(checkpoint.text()))


async def put_note(log: Log, checkpoint: Checkpoint, note: str) -> None:
    """Have this note alone served as the log's checkpoint."""
    await as_superuser(log, "DELETE FROM audit.publication", "DELETE FROM audit.checkpoint")
    row = (checkpoint.size, checkpoint.root, note)
    await _insert(log.admin, "checkpoint", "size, root, note", [row])
    await _insert(log.admin, "publication", "size, note", [row[::2]])


async def served_files(log: Log, folder: Path) -> Path:
    """The folder with what the log serves, as it is stored now."""
    stored = _Stored(log.pool)
    note = await stored.get("checkpoint")
    size = int(note.split(b"\n")[1]) if note else 0
    paths = ["checkpoint", *(tile.path for tile in tiles_of(size)), *(bundle_path(*at) for at in bundles_of(size))]
    for path in paths:
        body = await stored.get(path)
        if body is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(body)
    return folder
