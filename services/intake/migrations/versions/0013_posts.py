"""Who held which post when, for whoever tells people of cases."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Who held which post when, for whoever tells people of cases."""
    run(Path(__file__).with_suffix(".sql"))
