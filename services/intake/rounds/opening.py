"""At start: a log whose entries anybody reads, and a round that nobody may know of, do not go together."""

from services.intake.rounds.store import QUERIES
from services.kernel.process.loops import StartRefused
from services.kernel.process.settings import Settings
from services.kernel.store.db import Pool


async def refuse_public_log(pool: Pool, settings: Settings) -> None:
    """StartRefused when the log's entries are to be public while an unannounced round is open."""
    if settings.log_public_entries and await pool.fetchval(QUERIES.unannounced_open):
        raise StartRefused(
            "KYCUONG_LOG_PUBLIC_ENTRIES=true trong khi còn đợt kiểm tra đột xuất chưa kết thúc: hãy kết thúc đợt đó, "
            "hoặc bỏ thiết lập này / an unannounced round is open: close it, or leave this setting out"
        )
