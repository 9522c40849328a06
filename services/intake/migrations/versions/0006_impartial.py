"""The declaration of no conflict of interest."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The declaration of no conflict of interest."""
    run(Path(__file__).with_suffix(".sql"))
