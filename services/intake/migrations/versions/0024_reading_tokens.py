"""Tokens that read what is published and nothing else."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tokens that read what is published and nothing else."""
    run(Path(__file__).with_suffix(".sql"))
