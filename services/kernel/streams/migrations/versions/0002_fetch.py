"""The embedded stream: a fetch costs the same however long the backlog."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql"))
