"""Rounds, draws and assignments."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rounds, draws and assignments."""
    run(Path(__file__).with_suffix(".sql"))
