"""`kycuong log …`: verify a log from outside, copy it, and an operator's word after a restore."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress as Bar

from services.audit.errors import LogCorrupt
from services.audit.guard import guard_of, open_key
from services.audit.signer import trust as trust_tree
from services.audit.verifier.checking import BadLog
from services.audit.verifier.export import Incomplete, export_log
from services.audit.verifier.sources import CannotRead, open_source
from services.audit.verifier.verify import Progress, Verdict, read_vkey
from services.audit.verifier.verify import verify as verify_log
from services.kernel.db import TRANSIENT, open_pool
from services.kernel.folder import Folder
from services.kernel.note import BadNote, Checkpoint
from services.kernel.settings import Settings


@click.command("verify")
@click.argument("place", metavar="URL|DIR")
@click.option("--vkey", required=True, metavar="FILE|STRING", help="Khóa kiểm chứng / the verifier key.")
@click.option("--token", envvar="KYCUONG_TOKEN", help="Mã truy cập để đọc sự kiện / a token that may read entries.")
@click.option("--json", "as_json", is_flag=True, help="Kết quả dạng JSON / the verdict as JSON.")
def verify(place: str, vkey: str, token: str | None, as_json: bool) -> None:
    """Kiểm chứng toàn bộ nhật ký / verify a whole log.

    Exit code 0: the log holds. 1: it does not, the first bad index is named. 2: it could not be read.
    """
    with _asking(), _bar("verify") as progress:
        verdict = verify_log(place, vkey, token, progress)
    click.echo(json.dumps(verdict.as_json(), ensure_ascii=False) if as_json else describe(verdict))
    sys.exit(0 if verdict.ok else 1)


def describe(verdict: Verdict) -> str:
    """The verdict in words, Vietnamese first."""
    if not verdict.ok:
        return f"KHÔNG ĐẠT / BAD: {verdict.error}"
    lines = [
        f"ĐẠT / OK: {verdict.origin}: {verdict.size} sự kiện / entries, {verdict.units} đơn vị / units, "
        f"mã gốc / root {verdict.root.hex()}"
    ]
    lines += [
        f"chưa biết loại / unknown type: {name}: {count} (không phải lỗi / not an error)"
        for name, count in verdict.unknown_types.items()
    ]
    return "\n".join(lines)


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--url", default="http://127.0.0.1:8000/audit/", show_default=True, help="Nhật ký / the log's prefix.")
@click.option("--vkey", required=True, metavar="FILE|STRING", help="Khóa kiểm chứng / the verifier key.")
@click.option("--token", envvar="KYCUONG_TOKEN", help="Mã truy cập để đọc sự kiện / a token that may read entries.")
def export(folder: Path, url: str, vkey: str, token: str | None) -> None:
    """Chép nhật ký ra thư mục / copy the log into a folder, as served; a repeat fetches what is new."""
    with _asking(), _bar("export") as progress:
        try:
            checkpoint = asyncio.run(export_log(open_source(url, token), read_vkey(vkey), folder, progress))
        except (BadLog, Incomplete) as fault:
            raise click.ClickException(str(fault)) from fault
    click.echo(f"đã chép / copied: {checkpoint.size} sự kiện / entries → {folder}")


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
    signer = open_key(settings.folder, settings.origin)
    pool = await open_pool(settings.dsn("audit_app"), name="audit-trust", size=2)
    try:
        return await trust_tree(pool, signer, guard_of(settings.folder, signer))
    finally:
        await pool.close()


@contextmanager
def _asking() -> Iterator[None]:
    """What cannot be asked is no verdict: exit code 2 (1, said plainly, when the stored log is corrupt)."""
    try:
        yield
    except (CannotRead, BadNote) as fault:
        raise click.UsageError(str(fault)) from fault
    except TRANSIENT as fault:
        raise click.UsageError(f"cơ sở dữ liệu không trả lời / the database does not answer: {fault}") from fault
    except LogCorrupt as fault:
        raise click.ClickException(str(fault)) from fault


@contextmanager
def _bar(what: str) -> Iterator[Progress | None]:
    """Progress on a terminal, nothing in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
