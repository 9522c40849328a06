"""Units beside their peers: how visits were chosen and by whom, and comparisons as last fitted."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
