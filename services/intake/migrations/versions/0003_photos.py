"""Photos of findings."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Photos of findings."""
    run(Path(__file__).with_suffix(".sql"))
