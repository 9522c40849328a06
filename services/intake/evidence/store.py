"""Loading and storing photos and files."""

import json

from services.intake.evidence.sql import QUERIES
from services.intake.evidence.state import DeclaredFile, Files, Photos
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns


class PhotoKeeper(Keeper):
    """Keeps photos; they are loaded with their findings."""

    def changed(self, world: World) -> bool:
        """Whether any came, or was redacted."""
        return bool(world[Photos].new or world[Photos].redacted)

    async def alter(self, connection: Connection, world: World) -> None:
        """New photos, and what is covered of known ones."""
        photos = world[Photos]
        rows = [(new.finding, new.place, new.wrapped_key, new.sealed, new.commitment) for new in photos.new]
        if rows:
            await connection.execute(QUERIES.store_photos, *columns(rows, 5), world.now)
        covers = [(one.event, one.finding, one.place, json.dumps(one.boxes)) for one in photos.redacted]
        if covers:
            await connection.execute(QUERIES.redact_photos, *columns(covers, 4))


class FileKeeper(Keeper):
    """Keeps the files of writes: what a write names, and what came of it."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """The files that writes name."""
        writes = list(needs.of(Files))
        if writes:
            rows = await connection.fetch(QUERIES.files_of_writes, writes)
            world[Files].known = {(row["write"], row["place"]): DeclaredFile(**row) for row in rows}

    def changed(self, world: World) -> bool:
        """Whether any was named, or came."""
        return bool(world[Files].declared or world[Files].kept)

    async def alter(self, connection: Connection, world: World) -> None:
        """Files that were named, then those that came."""
        files = world[Files]
        rows = [(one.write, one.place, one.finding, one.noun, one.sha256, one.size, one.type) for one in files.declared]
        if rows:
            await connection.execute(QUERIES.declare_files, *columns(rows, 7))
        if files.kept:
            await connection.execute(QUERIES.store_files, *columns(files.kept, 4), world.now)
