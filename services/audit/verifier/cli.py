"""`kycuong log verify|export`: verify a log from outside, copy it."""

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

from services.audit.verifier.checking import BadLog
from services.audit.verifier.export import Incomplete, export_log
from services.audit.verifier.sources import CannotRead, open_source
from services.audit.verifier.verify import Progress, Verdict, read_vkey
from services.audit.verifier.verify import verify as verify_log
from services.kernel.note import BadNote


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


@contextmanager
def _asking() -> Iterator[None]:
    """What cannot be asked is no verdict: exit code 2."""
    try:
        yield
    except (CannotRead, BadNote) as fault:
        raise click.UsageError(str(fault)) from fault


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
