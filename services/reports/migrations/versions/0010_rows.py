"""Rows of the list that an earlier program wrote."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
