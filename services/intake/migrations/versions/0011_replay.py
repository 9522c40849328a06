"""What a database restored from behind the log keeps of its way back."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a database restored from behind the log keeps of its way back."""
    run(Path(__file__).with_suffix(".sql"))
