"""Surveys of satisfaction, as the cards show them."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
