"""The embedded stream: topics, records, consumers, and the functions by which the services use them."""

from pathlib import Path

from services.kernel.migrations.statements import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(Path(__file__).with_suffix(".sql"))
