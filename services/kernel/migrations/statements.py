"""Runs a migration's SQL file: several statements, which the driver only takes through its simple protocol."""

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy.util import await_only


def run(path: Path) -> None:
    """Execute every statement of a file in the migration's own transaction."""
    text = path.read_text(encoding="utf-8")
    # the dialect begins its transaction with its first statement; a script does not count as one
    op.get_bind().exec_driver_sql("SELECT 1")
    driver: Any = op.get_bind().connection.driver_connection
    await_only(driver.execute(text))
