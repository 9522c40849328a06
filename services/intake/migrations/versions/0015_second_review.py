"""What is drawn to be reviewed once more, and whose decision is appealed."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is drawn to be reviewed once more, and whose decision is appealed."""
    run(Path(__file__).with_suffix(".sql"))
