"""Where people and programs want to be told of cases."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Where people and programs want to be told of cases."""
    run(Path(__file__).with_suffix(".sql"))
