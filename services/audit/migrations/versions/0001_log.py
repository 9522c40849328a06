"""The log: entries, tiles, checkpoints, and the sequencer's own state."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
