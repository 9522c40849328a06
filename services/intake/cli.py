"""`kycuong token|account|calendar …`: for whoever may read the folder's secrets, while the database runs."""

import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg
import click
from pydantic import TypeAdapter, ValidationError

from services.intake.calendars import publishing
from services.intake.nouns import NOUNS, keepers
from services.intake.people import accounts
from services.intake.people.reading_tokens import MOST_DAYS
from services.intake.people.sql import QUERIES
from services.intake.replay import genesis
from services.intake.writing.forms import Name
from services.kernel.command import database_of, in_words
from services.kernel.identity.authentication import READS_PUBLISHED, hash_token
from services.kernel.identity.roles import Role
from services.kernel.options import DATA
from services.kernel.problems import Problem, field_errors
from services.kernel.process.settings import Settings
from services.kernel.quarters import parse_instant

T = TypeVar("T")
ROLE = click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="vai trò")
UNIT = click.option("--unit", help="đơn vị; bỏ trống là toàn tỉnh (none: the province)")


def _with_database(data: Path, work: Callable[[asyncpg.Connection, Settings], Awaitable[T]]) -> T:
    """Run something against the folder's running database."""
    folder, url = database_of(data)
    with in_words():
        try:
            return asyncio.run(_connected(Settings(data=folder.path, database_url=url), work))
        except accounts.UnknownUnit as error:
            raise click.ClickException(f"không có đơn vị {error} (there is no such unit)") from error
        except accounts.DisabledAccount as error:
            raise click.ClickException(
                f"tài khoản {error} đang khóa; mở lại bằng `kycuong account enable {error}` (the account is disabled)"
            ) from error
        except accounts.BehindLog as error:
            raise click.ClickException(
                "cơ sở dữ liệu cũ hơn nhật ký và đang được dựng lại; hãy thử lại khi /intake/readyz trả 200 "
                "(the database is behind the log and is being rebuilt: try again once /intake/readyz answers 200)"
            ) from error
        except accounts.UnknownAccount as error:
            raise click.ClickException(f"không có tài khoản {error} (there is no such account)") from error


async def _connected(settings: Settings, work: Callable[[asyncpg.Connection, Settings], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(settings.dsn("intake_app"), timeout=10, command_timeout=30)
    try:
        await genesis.require_own(connection, settings.folder)
        return await work(connection, settings)
    finally:
        await connection.close()


@click.group(invoke_without_command=True, subcommand_metavar="[list|revoke]")
@click.option("--data", type=click.Path(path_type=Path, readable=False), help="thư mục dữ liệu")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="vai trò")
@UNIT
@click.option("--account", "name", help="tên tài khoản (default: ROLE[-UNIT]; published)")
@click.option("--reads", type=click.Choice([READS_PUBLISHED]), help="chỉ đọc bản đã công bố, không vai trò (no role)")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), help=f"số ngày, của --reads (default: {MOST_DAYS})")
@click.pass_context
def token(
    context: click.Context,
    data: Path | None,
    role: str | None,
    unit: str | None,
    name: str | None,
    reads: str | None,
    days: int | None,
) -> None:
    """In một mã truy cập dùng trong 8 giờ; liệt kê, thu hồi (print a bearer token for 8 hours; list, revoke).

    Với --reads: mã cho Excel, Power BI, chỉ đọc bản đã công bố (with --reads: a long one that reads what is published).
    """
    if context.invoked_subcommand is not None:
        if data or role or unit or name or reads or days:
            raise click.UsageError("các tùy chọn đứng sau list hoặc revoke (options come after list or revoke)")
        return
    if data is None or (role is None) == (reads is None):
        raise click.UsageError("cần --data, và --role hoặc --reads (--data and --role or --reads are needed)")
    if reads is None and days is not None:
        raise click.UsageError("--days đi cùng --reads (--days goes with --reads)")
    if reads is not None and unit is not None:
        raise click.UsageError("--reads không có --unit (--reads takes no --unit)")

    async def work(connection: asyncpg.Connection, settings: Settings) -> str:
        now = datetime.now(UTC)
        if role is None:
            life = timedelta(days=days or MOST_DAYS)
            return await accounts.issue_reading_token(connection, _name(name) or READS_PUBLISHED, life, now)
        return await accounts.issue_token(connection, settings.source, Role(role), unit, _name(name), now)

    print(_with_database(data, work))


@token.command(name="list")
@DATA
@click.option("--account", "name", help="chỉ của tài khoản này (only this account's)")
def list_tokens(data: Path, name: str | None) -> None:
    """Liệt kê mã truy cập và phiên đang dùng được, mới nhất trước (list tokens and sessions that are good now)."""

    async def work(connection: asyncpg.Connection, _: Settings) -> list[asyncpg.Record]:
        return list(await connection.fetch(QUERIES.list_sessions, name))

    for row in _with_database(data, work):
        kind = f"{row['role']} {row['unit'] or 'toàn tỉnh'}" if row["kind"] == "bearer" else "trình duyệt (browser)"
        kind = "chỉ đọc bản đã công bố (reads what is published)" if row["reads"] else kind
        life = f"{row['created_at']:%Y-%m-%dT%H:%MZ} – {row['expires_at']:%Y-%m-%dT%H:%MZ}"
        used = f"\tđọc lần cuối (last read) {row['used_at']:%Y-%m-%dT%H:%MZ}" if row["used_at"] else ""
        print(f"{row['id']}\t{row['account']}\t{kind}\t{life}{used}")


@token.command()
@DATA
@click.argument("ids", nargs=-1)
@click.option("--account", "name", help="mọi mã và phiên của tài khoản này (all of this account's)")
@click.option("--stdin", "read", is_flag=True, help="đọc chính mã truy cập từ stdin (read the token itself)")
def revoke(data: Path, ids: tuple[str, ...], name: str | None, read: bool) -> None:
    """Thu hồi mã truy cập hoặc phiên, theo mã số mà `token list` in ra (revoke, by the ids of `token list`)."""
    wanted = {*ids, *({hash_token(sys.stdin.readline().strip()).hex()[:16]} if read else ())}
    if bool(wanted) == bool(name):
        raise click.UsageError("hãy nêu mã số, --stdin, hoặc --account (give ids, --stdin, or --account)")

    async def work(connection: asyncpg.Connection, _: Settings) -> int:
        if name is not None:
            return await accounts.revoke_all(connection, name)
        done = await accounts.revoke(connection, sorted(wanted))
        unknown = sorted(wanted.difference(done))
        if unknown:
            raise click.ClickException(f"không còn mã nào như vậy (there is no such good token): {', '.join(unknown)}")
        return len(done)

    print(f"đã thu hồi {_with_database(data, work)} (revoked)")


@click.group()
def account() -> None:
    """Tài khoản và bổ nhiệm (accounts and appointments)."""


@account.command()
@DATA
@click.argument("name")
@click.option("--display-name", help="tên hiển thị")
@click.option("--password-stdin", is_flag=True, help="đọc mật khẩu từ stdin (default: a random one is printed)")
def add(data: Path, name: str, display_name: str | None, password_stdin: bool) -> None:
    """Tạo tài khoản, hoặc đặt lại mật khẩu và kết thúc mọi phiên (make an account, or reset its password)."""
    _name(name)
    _legible(display_name)
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    if len(password) < 8:
        raise click.UsageError("mật khẩu phải có ít nhất 8 ký tự (a password has at least 8 characters)")

    async def work(connection: asyncpg.Connection, _: Settings) -> bool:
        return await accounts.add_account(connection, name, display_name, password, datetime.now(UTC))

    new = _with_database(data, work)
    print(f"{name}: {'đã tạo (made)' if new else 'đã đổi mật khẩu (password changed)'}")
    if not password_stdin:
        print(f"mật khẩu (password): {password}")


@account.command()
@DATA
@click.argument("name")
def disable(data: Path, name: str) -> None:
    """Khóa tài khoản: có hiệu lực ngay, việc đã làm giữ nguyên (disable an account at once; what it did stays)."""
    _set_disabled(data, name, disabled=True)


@account.command()
@DATA
@click.argument("name")
def enable(data: Path, name: str) -> None:
    """Mở lại tài khoản đã khóa (let a disabled account sign in again)."""
    _set_disabled(data, name, disabled=False)


def _set_disabled(data: Path, name: str, *, disabled: bool) -> None:
    async def work(connection: asyncpg.Connection, _: Settings) -> None:
        await accounts.set_disabled(connection, name, disabled=disabled)

    _with_database(data, work)
    print(f"{name}: {'đã khóa (disabled)' if disabled else 'đã mở lại (enabled)'}")


@account.command(name="list")
@DATA
def list_accounts(data: Path) -> None:
    """Liệt kê tài khoản và bổ nhiệm (list accounts and appointments)."""

    async def work(connection: asyncpg.Connection, _: Settings) -> list[asyncpg.Record]:
        return list(await connection.fetch(QUERIES.list_accounts))

    for row in _with_database(data, work):
        ends = f" – {row['valid_to']:%Y-%m-%d}" if row["valid_to"] else ""
        post = (
            f"{row['role']} {row['unit'] or 'toàn tỉnh'} {row['valid_from']:%Y-%m-%d}{ends} {row['id']}"
            if row["id"]
            else "–"
        )
        print(f"{row['account']}\t{row['display_name'] or ''}\t{post}{' (khóa)' if row['disabled_at'] else ''}")


@account.command()
@DATA
@click.argument("name")
@ROLE
@UNIT
@click.option("--from", "begins", help="từ thời điểm (RFC 3339; default: now)")
@click.option("--to", "ends", help="đến thời điểm (RFC 3339)")
@click.option("--end", "ended", type=click.UUID, help="kết thúc bổ nhiệm này (end this appointment)")
def appoint(
    data: Path, name: str, role: str, unit: str | None, begins: str | None, ends: str | None, ended: UUID | None
) -> None:
    """Bổ nhiệm một tài khoản, hoặc kết thúc bổ nhiệm (appoint an account, or end an appointment)."""
    now = datetime.now(UTC)

    async def work(connection: asyncpg.Connection, settings: Settings) -> str:
        if ended is not None:
            done = await accounts.end_appointment(connection, settings.source, ended, now)
            return (
                "đã kết thúc (ended)" if done else "không có bổ nhiệm đang hiệu lực này (no such running appointment)"
            )
        id = await accounts.appoint(  # noqa: A001 - what it is
            connection, settings.source, name, Role(role), unit, _moment(begins) or now, _moment(ends), now
        )
        return f"{name}: {role} {unit or 'toàn tỉnh'} {id}"

    print(_with_database(data, work))


@account.command()
@DATA
@click.argument("ref", required=False)
@click.argument("name", required=False)
def recall(data: Path, ref: str | None, name: str | None) -> None:
    """Cho biết mã ẩn danh đã mất là của ai; không nêu gì: liệt kê (say whose a lost pseudonym was, or list them)."""
    if (ref is None) != (name is None):
        raise click.UsageError("hãy nêu cả mã ẩn danh và tài khoản (give both a pseudonym and an account)")

    async def work(connection: asyncpg.Connection, _: Settings) -> list[str]:
        if ref is None or name is None:
            return [_lost(row) for row in await connection.fetch(QUERIES.lost_people)]
        if not await accounts.recall(connection, ref, name):
            raise click.ClickException(f"{ref}: không phải mã ẩn danh đã mất (is no lost pseudonym)")
        return [f"{ref}: {name}"]

    for line in _with_database(data, work):
        print(line)


def _lost(row: asyncpg.Record) -> str:
    visit = (
        f"{row['inspection']}\t{row['unit']}\t{row['opened_at']:%Y-%m-%d}\t{row['basis']}" if row["inspection"] else "–"
    )
    return f"{row['quarter']}\t{row['ref']}\t{visit}"


def _legible(name: str | None) -> None:
    if name is not None:
        try:
            TypeAdapter(Name).validate_python(name)
        except ValidationError as error:
            fault = field_errors(error)[0]
            raise click.UsageError(f"--display-name: {fault.vi} ({fault.en})") from None


@click.group()
def calendar() -> None:
    """Lịch làm việc (the working calendar)."""


@calendar.command()
@DATA
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--account", "name", help="quản trị viên công bố (default: admin)")
def publish(data: Path, file: Path, name: str | None) -> None:
    """Công bố một phiên bản lịch làm việc (publish a version of the working calendar; see schemas/calendar)."""
    try:
        text = file.read_bytes().decode("utf-8-sig")  # Windows' editors put a mark in front
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: không phải UTF-8 (is not UTF-8)") from None
    _name(name)

    async def work(connection: asyncpg.Connection, settings: Settings) -> str:
        token = await accounts.issue_token(connection, settings.source, Role.ADMIN, None, name, datetime.now(UTC))
        return await publishing.publish_calendar(settings, NOUNS, keepers(), token, text)

    try:
        version = _with_database(data, work)
    except Problem as refusal:
        raise click.ClickException(_sentences(refusal)) from refusal
    print(f"đã công bố lịch {version}; thời hạn từ nay tính theo lịch này (published: deadlines follow it from now on)")


def _sentences(refusal: Problem) -> str:
    """Why, in both languages, each fault with its place in the file."""
    if not refusal.errors:
        return "\n".join(refusal.body(language, "")["detail"] for language in ("vi", "en"))
    return "\n".join(
        f"{error.pointer.removeprefix('/file') or '/'}: {error.vi} ({error.en})" for error in refusal.errors
    )


def _moment(text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError:
        raise click.UsageError(f"{text}: phải là thời điểm RFC 3339 (must be an RFC 3339 date-time)") from None


def _name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,94}", name):
        raise click.UsageError(f"{name}: tên chỉ gồm a-z 0-9 . _ - (a name has only a-z 0-9 . _ -)")
    return name
