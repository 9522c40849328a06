"""Files belong to writes as photos do to findings."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Files belong to writes as photos do to findings."""
    run(Path(__file__).with_suffix(".sql"))
