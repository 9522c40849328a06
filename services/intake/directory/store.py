"""Loading and storing the unit tree."""

import json
from pathlib import Path

from services.domain.units import Directory, Heir, Version
from services.intake.directory.state import Units
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))


class DirectoryKeeper(Keeper):
    """Keeps the unit tree, in memory too: it is read again when its version in the database has moved."""

    def __init__(self) -> None:
        self._version = -1
        self._directory = Directory()

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """The tree as it stands; while it is to be changed, nobody else changes it."""
        if needs.tree or needs.of(Units):
            version = await connection.fetchval(QUERIES.lock_directory)
            world.plan_waits = await connection.fetchval(QUERIES.plan_waits)
        elif needs.stamps is not None:
            version = needs.stamps.directory
        else:
            version = await connection.fetchval(QUERIES.directory_version)
        world.directory = await self.at(connection, version)

    async def current(self, connection: Connection) -> Directory:
        """The tree as it stands now."""
        return await self.at(connection, await connection.fetchval(QUERIES.directory_version))

    async def at(self, connection: Connection, version: int) -> Directory:
        """The tree at its number in the database."""
        if version != self._version:
            self._directory = await load_directory(connection)
            self._version = version
        return self._directory

    def changed(self, world: World) -> bool:
        """Whether any unit changed, or passed into another."""
        return bool(world[Units].changed or world[Units].lineage)

    async def add(self, connection: Connection, world: World) -> None:
        """New and changed units, and which passed into which."""
        units = world[Units]
        units.version = await connection.fetchval(QUERIES.next_directory_version)
        if units.new:
            await connection.execute(QUERIES.store_units, *columns(units.new, 2))
        if units.changed:
            await self._store_versions(connection, world, list(units.changed))
        if units.lineage:
            await connection.execute(QUERIES.store_lineage, *columns(units.lineage, 6))

    async def _store_versions(self, connection: Connection, world: World, units: list[str]) -> None:
        listed = [world.directory.versions[unit] for unit in units]
        rows = [
            (unit, v.valid_from, v.valid_to, v.name, v.group, v.parent, v.staff, json.dumps(sorted(v.set_fields)))
            for unit, versions in zip(units, listed, strict=True)
            for v in versions
        ]
        newest = [max(v.valid_from for v in versions) for versions in listed]
        await connection.execute(QUERIES.drop_later_versions, units, newest)
        await connection.execute(QUERIES.store_unit_versions, *columns(rows, 8))

    def committed(self, world: World) -> None:
        """Take over the tree that was just stored."""
        if self.changed(world):
            self._version, self._directory = world[Units].version, world.directory

    def forget(self) -> None:
        """Read the tree again."""
        self._version = -1


async def load_directory(connection: Connection) -> Directory:
    """The whole unit tree."""
    versions: dict[str, list[Version]] = {}
    for row in await connection.fetch(QUERIES.unit_versions):
        version = Version(
            row["valid_from"], row["valid_to"], row["name"], row["grp"], row["parent"], row["staff"],
            frozenset(row["set_fields"]),
        )  # fmt: skip
        versions.setdefault(row["unit"], []).append(version)
    heirs = {row["from_unit"]: Heir(row["to_unit"], row["valid_from"]) for row in await connection.fetch(QUERIES.heirs)}
    return Directory({unit: tuple(listed) for unit, listed in versions.items()}, heirs)
