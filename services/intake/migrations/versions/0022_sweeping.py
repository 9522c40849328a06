"""Deadlines are swept in the order of an index."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Deadlines are swept in the order of an index."""
    run(Path(__file__).with_suffix(".sql"))
