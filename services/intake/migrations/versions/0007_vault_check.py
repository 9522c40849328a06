"""By what the vault knows its key again."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """By what the vault knows its key again."""
    run(Path(__file__).with_suffix(".sql"))
