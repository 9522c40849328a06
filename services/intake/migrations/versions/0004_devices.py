"""Phones and their chains."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Phones and their chains."""
    run(Path(__file__).with_suffix(".sql"))
