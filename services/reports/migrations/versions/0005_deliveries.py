"""What is sent outside, and what came of it."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
