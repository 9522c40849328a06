"""Loading and storing links for persons concerned."""

import secrets
from datetime import date
from hashlib import sha256
from pathlib import Path

from services.intake.concerned.state import Link, Links
from services.intake.writing.keeper import Keeper
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.store.db import Connection, columns
from services.kernel.store.sql import load_queries

QUERIES = load_queries(Path(__file__).with_name("queries.sql"))
_BYTES = 32


class LinkKeeper(Keeper):
    """Keeps links for persons concerned."""

    async def load(self, connection: Connection, needs: Needs, world: World) -> None:
        """Links by id."""
        world[Links].draw = _secret
        wanted = list(needs.of(Links))
        if wanted:
            rows = await connection.fetch(QUERIES.links, wanted)
            world[Links].known = {row["id"]: Link(**row) for row in rows}

    def changed(self, world: World) -> bool:
        """Whether any was given or ended."""
        return bool(world[Links].new or world[Links].removed)

    async def alter(self, connection: Connection, world: World) -> None:
        """What was given and what was ended."""
        rows = [
            (link, finding, hashed(secret), date.fromisoformat(last))
            for link, finding, secret, last in world[Links].new
        ]
        if rows:
            await connection.execute(QUERIES.add_links, *columns(rows, 4))
        if world[Links].removed:
            await connection.execute(QUERIES.remove_links, world[Links].removed)


def hashed(secret: str) -> bytes:
    """What the database keeps of a secret."""
    return sha256(secret.encode()).digest()


def _secret() -> str:
    return secrets.token_urlsafe(_BYTES)
