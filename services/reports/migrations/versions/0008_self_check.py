"""What came of computing quarters anew from the log."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
