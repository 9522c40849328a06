"""Where a finding stands for counting, as statements ask it."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
