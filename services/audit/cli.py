"""`kycuong log trust|key|reader`: what an operator who may read the folder's secrets says of the log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click
import httpx
import uuid_utils

from services.audit import keys, readers
from services.audit.errors import LogCorrupt
from services.audit.guard import guard_of, keys_of
from services.audit.keys import Addition
from services.audit.signer import trust as trust_tree
from services.kernel.command import in_words
from services.kernel.log.note import BadNote, Checkpoint
from services.kernel.process.folder import Folder, FolderInUse
from services.kernel.process.settings import Settings
from services.kernel.store.db import open_pool
from services.kernel.store.postgres import EmbeddedPostgres, embedded_url


def _installed(_context: click.Context, _parameter: click.Parameter, folder: Path) -> Path:
    with in_words():
        if (folder / "secrets").is_dir():
            list((folder / "secrets").iterdir())
            return folder
    raise click.UsageError(f"{folder}: chưa có dữ liệu; hãy chạy `kycuong run` trước (start `kycuong run` first)")


_DATA = click.option(
    "--data", type=click.Path(path_type=Path, readable=False), required=True, help="thư mục dữ liệu",
    callback=_installed,
)  # fmt: skip


@click.command("trust")
@_DATA
@click.option("--yes", is_flag=True, help="Không hỏi lại / do not ask.")
def trust(data: Path, yes: bool) -> None:
    """Chấp nhận nhật ký trong cơ sở dữ liệu như hiện có, sau khi phục hồi / accept the stored log as it is.

    Only after a restore, when no newer copy of the database or of log/guard exists: whoever holds a later checkpoint
    can then prove that entries were lost. While `kycuong run` runs, or while it does not.
    """
    question = (
        "Mốc kiểm chứng đã công bố sau đó sẽ không còn khớp. Tiếp tục? / Later checkpoints will not agree. Go on?"
    )
    if not yes:
        click.confirm(question, abort=True)
    with _asking():
        checkpoint = asyncio.run(_trust(Folder(data)))
    click.echo(f"đã chấp nhận / trusted: {checkpoint.size} sự kiện / entries, {checkpoint.root.hex()}")


async def _trust(folder: Folder) -> Checkpoint:
    async with _database(folder) as url:
        return await trust_log(Settings(data=folder.path, database_url=url))


@asynccontextmanager
async def _database(folder: Folder) -> AsyncIterator[str]:
    """The database's address; the folder's own is started for the time being when nothing runs."""
    address = folder.secrets_dir / "database_url"
    if not address.exists():
        raise click.UsageError(
            f"{folder.path}: chưa có cơ sở dữ liệu nào chạy ở đây / no `kycuong run` has kept a database here"
        )
    url = address.read_text(encoding="utf-8").strip()
    if url != embedded_url(folder) or not _idle(folder):
        yield url
        return
    server = EmbeddedPostgres(folder)
    try:
        await server.start()
        yield server.url
    finally:
        await server.stop()


def _idle(folder: Folder) -> bool:
    """Whether no `kycuong run` holds the folder; it is held from now on."""
    try:
        folder.hold()
    except FolderInUse:
        return False
    return True


async def trust_log(settings: Settings) -> Checkpoint:
    """Accept the database's log as it stands after a restore; LogCorrupt when it does not agree with itself."""
    ring = keys_of(settings)
    pool = await open_pool(settings.dsn("audit_app"), name="audit-trust", size=2)
    try:
        return await trust_tree(pool, ring, guard_of(settings.folder, ring))
    finally:
        await pool.close()


@click.group("key")
def key() -> None:
    """Khóa ký của nhật ký: thêm, liệt kê, thôi dùng / the log's signing keys: add, list, retire."""


@key.command("add")
@_DATA
@click.option("--url", default="http://127.0.0.1:8000/", show_default=True, help="Hệ thống / the running system.")
@click.option(
    "--token", envvar="KYCUONG_TOKEN", required=True,
    help="Mã của quản trị viên / an admin's token: kycuong token --data DIR --role admin",
)  # fmt: skip
def add(data: Path, url: str, token: str) -> None:
    """Thêm một khóa ký cùng các khóa cũ và ghi việc đó vào nhật ký / add a key that signs beside the others.

    Prints the new verifier key once the log tells of it. A repeat after an interruption goes on with the same key.
    """
    folder = Folder(data)
    with _asking():
        addition = keys.add_key(folder, folder.origin(), str(uuid_utils.uuid7()))
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=40) as client:
            _announce(client, addition)
    click.echo(addition.vkey)


def _announce(client: httpx.Client, addition: Addition) -> None:
    """Tell the log of a key through intake, and wait until a public checkpoint says so."""
    told = client.put(f"/intake/v1/log-keys/{addition.write_id}", json={"vkey": addition.vkey})
    if told.is_error:
        raise click.ClickException(f"{told.status_code}: {told.text}")
    receipt = client.get(f"/audit/v1/receipts/{addition.write_id}?wait=30")
    if receipt.is_error:
        raise click.ClickException(
            "khóa đã ký, nhưng chưa có mốc kiểm chứng công bố nào ghi việc đó: hãy chạy lại lệnh này / "
            f"the key signs, but no public checkpoint tells of it yet: run this again ({receipt.status_code})"
        )
    addition.mark_announced()


@key.command("list")
@_DATA
def list_keys(data: Path) -> None:
    """Các khóa đang ký, cũ nhất trước, rồi các khóa đã thôi / the keys that sign, oldest first, then the retired."""
    folder = Folder(data)
    with _asking():
        ring = keys.KeyRing(folder, folder.origin(), os.environ.get("KYCUONG_LOG_KEY"))
    announced = {each.vkey for each in keys.additions(folder) if each.announced}
    for signer in ring.signers:
        first = signer.vkey == folder.vkeys()[0]
        note = "" if first or signer.vkey in announced else "  (chưa ghi vào nhật ký / not in the log yet)"
        click.echo(f"{signer.verifier.key_id.hex()}  đang ký / signs  {signer.vkey}{note}")
    signing = {signer.verifier for signer in ring.signers}
    for verifier in ring.verifiers:
        if verifier not in signing:
            click.echo(f"{verifier.key_id.hex()}  đã thôi / retired  {verifier.vkey}")


@key.command("retire")
@click.argument("key_id", metavar="KEYID")
@_DATA
def retire(key_id: str, data: Path) -> None:
    """Thôi dùng một khóa; khóa còn lại phải đã được ghi vào nhật ký / let a key sign no more."""
    with _asking():
        try:
            left = keys.retire_key(Folder(data), key_id)
        except KeyError:
            raise click.UsageError(f"không có tệp khóa {key_id} đang ký / no key file {key_id} signs") from None
    click.echo(left)


@click.group("reader")
def reader() -> None:
    """Mã chỉ đọc cho chương trình giám sát hay bản sao / read-only tokens for monitors and mirrors."""


@reader.command("add")
@click.argument("name")
@_DATA
def add_reader(name: str, data: Path) -> None:
    """Tạo mã cho NAME; chỉ in ra một lần / make a token for NAME; it is printed once."""
    if not readers.NAME.fullmatch(name):
        raise click.UsageError("tên gồm chữ thường, số, gạch nối / a name is lower-case letters, digits, hyphens")
    with in_words():
        click.echo(readers.add_reader(Folder(data), name))


@reader.command("list")
@_DATA
def list_readers(data: Path) -> None:
    """Tên những nơi có mã / the names that hold a token."""
    with in_words():
        for path in readers.reader_files(Folder(data)):
            click.echo(path.name)


@reader.command("remove")
@click.argument("name")
@_DATA
def remove_reader(name: str, data: Path) -> None:
    """Thu hồi mã của NAME, có hiệu lực ngay / revoke the token of NAME, at once."""
    with in_words():
        removed = readers.NAME.fullmatch(name) and readers.remove_reader(Folder(data), name)
    if not removed:
        raise click.UsageError(f"không có tên {name} / there is no {name}")


@contextmanager
def _asking() -> Iterator[None]:
    """What cannot be asked has exit code 2; a folder or database that is not as it must be, 1, said plainly."""
    with in_words():
        try:
            yield
        except BadNote as fault:
            raise click.UsageError(str(fault)) from fault
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise click.UsageError(f"không kết nối được / cannot connect: {fault}; `kycuong run`? --url?") from fault
        except LogCorrupt as fault:
            raise click.ClickException(
                f"nhật ký đang lưu tự mâu thuẫn, không thể chấp nhận / the stored log contradicts itself: {fault}"
            ) from fault
