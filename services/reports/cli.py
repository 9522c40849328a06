"""`kycuong rebuild`: make the projections anew from the log, while the service may go on running."""

import asyncio
from pathlib import Path

import click

from services.kernel.command import database_of, in_words
from services.kernel.feed.client import LogUnreachable, OtherLog
from services.kernel.feed.entries import LogDiffers
from services.kernel.process.settings import Settings
from services.kernel.progress import bar
from services.reports.facts.facts import Unfoldable
from services.reports.fold import rebuild as rebuilding
from services.reports.fold.fold import Fenced


@click.command()
@click.option("--data", type=click.Path(path_type=Path, readable=False), required=True, help="thư mục dữ liệu")
@click.option(
    "--audit-url",
    envvar="KYCUONG_AUDIT_URL",
    default="http://127.0.0.1:8000/",
    show_default=True,
    help="địa chỉ dịch vụ nhật ký",
)
def rebuild(data: Path, audit_url: str) -> None:
    """Tính lại phiếu điểm từ mục 0 của nhật ký (fold all scorecards again from the log's first entry)."""
    folder, url = database_of(data)
    try:
        with in_words(), bar("rebuild") as progress:
            settings = Settings(data=folder.path, database_url=url, audit_url=audit_url)
            size = asyncio.run(rebuilding.rebuild(settings, progress))
    except LogUnreachable as error:
        raise click.ClickException(
            f"không đọc được nhật ký; `kycuong run` có đang chạy không? (is it running?) {error}"
        ) from error
    except (LogDiffers, OtherLog, Unfoldable, Fenced) as error:
        raise click.ClickException(f"không có gì thay đổi (nothing was changed): {error}") from error
    click.echo(f"đã tính lại đến cỡ nhật ký {size} (rebuilt up to log size {size})")
