"""Alembic brings schemas to their newest versions; also as a program of its own, which takes Alembic's memory along.

`python -m services.kernel.store.upgrade` reads `{"schema": "address as its owner"}` from stdin, once it is loaded.
"""

import json
import sys
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


def main() -> None:
    """Upgrade what stdin names; what goes wrong is the last line on stderr."""
    from alembic import command  # noqa: F401 - loads what takes long, while whoever started us prepares the database
    from sqlalchemy.ext import asyncio  # noqa: F401

    try:
        upgrade(json.load(sys.stdin))
    except Exception as error:
        sys.exit(_in_words(error))


def _in_words(error: Exception) -> str:
    """The sentence for an error; raises the error itself where there is none."""
    from click import ClickException

    from services.kernel.command import in_words

    try:
        with in_words():
            raise error
    except ClickException as refusal:
        return refusal.message


if __name__ == "__main__":
    main()
