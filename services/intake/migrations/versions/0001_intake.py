"""Identity, cases, vault and outbox."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Identity, cases, vault and outbox."""
    run(Path(__file__).with_suffix(".sql"))
