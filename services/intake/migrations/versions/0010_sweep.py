"""Sessions whose time is over are removed."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions whose time is over are removed."""
    run(Path(__file__).with_suffix(".sql"))
