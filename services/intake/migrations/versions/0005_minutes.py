"""Minutes of inspections."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Minutes of inspections."""
    run(Path(__file__).with_suffix(".sql"))
