"""`kycuong log trust`: an operator's word after a restore."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from services.audit.errors import LogCorrupt
from services.audit.guard import guard_of, keys_of
from services.audit.signer import trust as trust_tree
from services.kernel.db import TRANSIENT, open_pool
from services.kernel.folder import Folder
from services.kernel.note import BadNote, Checkpoint
from services.kernel.settings import Settings


@click.command("trust")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False, exists=True), required=True, help="thư mục dữ liệu"
)
@click.option("--yes", is_flag=True, help="Không hỏi lại / do not ask.")
def trust(data: Path, yes: bool) -> None:
    """Chấp nhận nhật ký trong cơ sở dữ liệu như hiện có, sau khi phục hồi / accept the stored log as it is.

    Only after a restore, when no newer copy of the database or of log/guard exists: whoever holds a later checkpoint
    can then prove that entries were lost. Runs while `kycuong run` is running.
    """
    question = "Điểm kiểm đã công bố sau đó sẽ không còn khớp. Tiếp tục? / Later checkpoints will not agree. Go on?"
    if not yes:
        click.confirm(question, abort=True)
    folder = Folder(data)
    address = Path(folder.secrets_dir, "database_url")
    if not address.exists():
        raise click.UsageError(
            f"{data}: chưa có cơ sở dữ liệu nào chạy ở đây / no `kycuong run` has kept a database here"
        )
    settings = Settings(data=folder.path, database_url=address.read_text(encoding="utf-8").strip())
    with _asking():
        checkpoint = asyncio.run(trust_log(settings))
    click.echo(f"đã chấp nhận / trusted: {checkpoint.size} sự kiện / entries, {checkpoint.root.hex()}")


async def trust_log(settings: Settings) -> Checkpoint:
    """Accept the database's log as it stands after a restore; LogCorrupt when it does not agree with itself."""
    keys = keys_of(settings)
    pool = await open_pool(settings.dsn("audit_app"), name="audit-trust", size=2)
    try:
        return await trust_tree(pool, keys, guard_of(settings.folder, keys))
    finally:
        await pool.close()


@contextmanager
def _asking() -> Iterator[None]:
    """What cannot be asked has exit code 2; a stored log that is corrupt, 1, said plainly."""
    try:
        yield
    except BadNote as fault:
        raise click.UsageError(str(fault)) from fault
    except TRANSIENT as fault:
        raise click.UsageError(f"cơ sở dữ liệu không trả lời / the database does not answer: {fault}") from fault
    except LogCorrupt as fault:
        raise click.ClickException(str(fault)) from fault
