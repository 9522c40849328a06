"""A link for the person concerned, for one answer."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A link for the person concerned, for one answer."""
    run(Path(__file__).with_suffix(".sql"))
