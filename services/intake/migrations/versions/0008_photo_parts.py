"""Photos that come in parts."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Photos that come in parts."""
    run(Path(__file__).with_suffix(".sql"))
