"""How decisions stood up: the first, whether there was another, and the blind second review."""

from pathlib import Path

from services.kernel.migrations import statements

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    statements.run(Path(__file__).with_suffix(".sql"))
