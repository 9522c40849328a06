"""Redactions of photos."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Redactions of photos."""
    run(Path(__file__).with_suffix(".sql"))
