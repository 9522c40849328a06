"""Whom a deadline was told to before and after it passed."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whom a deadline was told to before and after it passed."""
    run(Path(__file__).with_suffix(".sql"))
