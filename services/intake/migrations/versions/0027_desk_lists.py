"""The desk's lists are read off indexes."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The desk's lists are read off indexes."""
    run(Path(__file__).with_suffix(".sql"))
