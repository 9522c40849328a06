"""Indexes that nobody asks by are gone, and rows have room to change."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
