"""Live cards that are to be rendered."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
