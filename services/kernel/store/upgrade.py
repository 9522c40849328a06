"""Alembic brings schemas to their newest versions."""

from collections.abc import Mapping
from pathlib import Path

ALEMBIC = Path(__file__).parents[1] / "migrations" / "alembic.ini"
_READERS = {"stream": "kycuong_intake_app, kycuong_audit_app, kycuong_reports_app"}


def grant(schema: str) -> str:
    """Lets the services see at which version a schema stands: they compare it with their own before they start."""
    return f"GRANT SELECT ON {schema}.alembic_version TO {_READERS.get(schema, f'kycuong_{schema}_app')}"


def upgrade(dsns: Mapping[str, str]) -> None:
    """Bring schemas, given with their owners' addresses, to their newest versions; run it outside an event loop."""
    from alembic import command
    from alembic.config import Config

    for schema, dsn in dsns.items():
        config = Config(str(ALEMBIC), ini_section=schema)
        config.attributes["dsn"] = dsn
        command.upgrade(config, "head")
