"""Published calendars and editions."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Published calendars and editions."""
    run(Path(__file__).with_suffix(".sql"))
