"""What every service needs to know of a case to tell who may read of it."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What every service needs to know of a case to tell who may read of it."""
    run(Path(__file__).with_suffix(".sql"))
