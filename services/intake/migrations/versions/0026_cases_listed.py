"""What is read of a finding's case is one view."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is read of a finding's case is one view."""
    run(Path(__file__).with_suffix(".sql"))
