"""Alembic brings schemas to their newest versions."""

from collections.abc import Mapping
from pathlib import Path

ALEMBIC = Path(__file__).parents[1] / "migrations" / "alembic.ini"


def upgrade(dsns: Mapping[str, str]) -> None:
    """Bring schemas, given with their owners' addresses, to their newest versions; run it outside an event loop."""
    from alembic import command
    from alembic.config import Config

    for schema, dsn in dsns.items():
        config = Config(str(ALEMBIC), ini_section=schema)
        config.attributes["dsn"] = dsn
        command.upgrade(config, "head")
