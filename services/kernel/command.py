"""What a command says when it cannot go on: one sentence with its remedy, and exit code 1; never a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.kernel.process.folder import Folder, FolderInUse, disk_full
from services.kernel.store.db import TRANSIENT

FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_MIGRATED = (
    asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)  # fmt: skip
_WANTED = {
    "bool": "true hoặc false / true or false",
    "int": "một số nguyên / a whole number",
    "greater": "một số lớn hơn 0 / a number above 0",
}


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what keeps a command from its work into a sentence; what is no such thing goes on as it is."""
    try:
        yield
    except (click.ClickException, click.Abort):
        raise
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise click.ClickException(sentence) from error


def database_of(data: Path) -> tuple[Folder, str]:
    """A folder in which something was started, and its database's address; ClickException where nothing was."""
    folder = Folder(data)
    with in_words():
        if folder.has_secret("database_url"):
            return folder, folder.secret_text("database_url")
    raise click.ClickException(f"{data}: chưa có dữ liệu; hãy chạy `kycuong run` trước (start `kycuong run` first)")


def _sentence(error: Exception) -> str | None:
    if isinstance(error, FolderInUse):
        return f"thư mục {error} đang được một tiến trình kycuong khác dùng (already in use)"
    if isinstance(error, ValidationError):
        return "\n".join(map(_setting, error.errors()))
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        return _of_database(error)
    if isinstance(error, OSError):
        return _of_disk(error) if error.filename or error.errno in FULL else _of_database(error)
    return str(error) if isinstance(error, RuntimeError | ValueError) else None


def _setting(error: ErrorDetails) -> str:
    """A setting that cannot be used; its value is not repeated, for it may be a password."""
    kind, context = error["type"], error.get("ctx", {})
    wanted = context.get("error") or next((words for name, words in _WANTED.items() if name in kind), error["msg"])
    return f"KYCUONG_{str(error['loc'][0]).upper()}: {wanted}"


def _of_disk(error: OSError) -> str:
    place = error.filename or ""
    if error.errno in FULL:
        return disk_full(place)
    if error.errno == errno.EROFS:
        return f"{place}: đĩa chỉ đọc; hãy chọn thư mục ghi được / the disk is read-only: choose a folder to write to"
    if isinstance(error, PermissionError):
        return (
            f"{place}: người dùng này không được đọc hoặc ghi ở đây; hãy chạy bằng người dùng đã tạo thư mục, hoặc "
            "chọn thư mục khác / this user may not read or write here: run as who made the folder, or choose another"
        )
    if isinstance(error, FileNotFoundError):
        return f"{place}: không có ở đây; hãy xem lại đường dẫn / it is not there: check the path"
    if isinstance(error, NotADirectoryError | FileExistsError | IsADirectoryError):
        return (
            f"{place}: không phải loại tệp hay thư mục cần có; hãy chọn thư mục khác / it is not the kind of file or "
            "folder that is needed here: choose another folder"
        )
    return f"{place}: không đọc hoặc ghi được / cannot be read or written ({error.strerror})"


def _of_database(error: Exception) -> str:
    if isinstance(error, asyncpg.DiskFullError):
        return disk_full("PostgreSQL")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return (
            "cơ sở dữ liệu không nhận tên hoặc mật khẩu; hãy xem lại KYCUONG_DATABASE_URL, hoặc chạy `kycuong migrate` "
            "với đúng --data / the database refuses the name or the password: check KYCUONG_DATABASE_URL, or run "
            "`kycuong migrate` with the right --data"
        )
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return (
            "chưa có cơ sở dữ liệu mang tên này; hãy tạo nó hoặc xem lại KYCUONG_DATABASE_URL / there is no database "
            "of this name: make it, or check KYCUONG_DATABASE_URL"
        )
    if isinstance(error, _NOT_MIGRATED):
        return (
            "cơ sở dữ liệu chưa sẵn sàng cho bản chương trình này; hãy chạy `kycuong migrate` / the database is not "
            "ready for this program: run `kycuong migrate`"
        )
    if isinstance(error, TRANSIENT):
        return (
            "không kết nối được cơ sở dữ liệu: nó, hoặc `kycuong run`, có đang chạy không? Hãy khởi động rồi chạy lại "
            "lệnh này / cannot connect to the database: is it, or `kycuong run`, running? Start it and run this again "
            f"({type(error).__name__})"
        )
    return f"cơ sở dữ liệu báo lỗi / the database reports an error: {error}"
