"""What a case goes through after its first decision, and a visit after its closing."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
