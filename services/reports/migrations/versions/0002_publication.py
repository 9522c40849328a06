"""Published editions, and since when rules count as published."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
