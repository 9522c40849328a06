"""The vault's key-encryption key: made once with a new installation, later known again by what it sealed.

A start with another key, or without the one there was, would make old parts unreadable and lose the new ones once the
right key is back. So the first start keeps a check value in the database, and an older database is asked for its parts.
"""

import asyncio
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag

from services.intake.vault.sealing import Sealed, Vault
from services.intake.vault.sql import QUERIES
from services.kernel.process.folder import Folder, SecretBroken
from services.kernel.process.loops import StartRefused
from services.kernel.store.db import Connection, Pool

_SECRET = "vault_kek"  # noqa: S105 - its name
_CHECK = ("vault_kek", "check")
_REMEDY = (
    "hãy đặt lại đúng tệp từ bản sao lưu (docs/operate.md, Backup), đừng tạo khóa mới / put the right file back from "
    "its backup, do not make a new key (docs/operate.md, Backup)"
)


class VaultKeyMissing(StartRefused):
    """There are sealed parts, and no key to them in the folder."""

    def __init__(self) -> None:
        super().__init__(
            "thiếu secrets/vault_kek, trong khi cơ sở dữ liệu có các phần thông tin kín được niêm bằng khóa đó / "
            f"secrets/vault_kek is missing, and the database holds private parts sealed under it: {_REMEDY}"
        )


class VaultKeyWrong(StartRefused):
    """The folder's key does not open what was sealed."""

    def __init__(self) -> None:
        super().__init__(
            "secrets/vault_kek không phải khóa đã niêm các phần thông tin kín trong cơ sở dữ liệu này / "
            f"secrets/vault_kek is not the key that sealed the private parts of this database: {_REMEDY}"
        )


async def open_vault(pool: Pool | Connection, folder: Folder) -> Vault:
    """The vault under the folder's key, which is made only where nothing was sealed; StartRefused otherwise."""
    sealed = await _sealed(pool)
    if sealed and not folder.has_secret(_SECRET):
        raise VaultKeyMissing
    try:
        vault = Vault(await asyncio.to_thread(folder.secret, _SECRET))
    except SecretBroken as broken:
        raise StartRefused(str(broken)) from None
    if not _opens_one(vault, sealed):
        raise VaultKeyWrong
    check, _ = vault.seal(*_CHECK, b"")
    # of two that start at once with a folder each, the second finds the first one's
    await pool.execute(QUERIES.keep_vault_check, check.wrapped_key, check.sealed)
    if not _opens_one(vault, await _check(pool)):
        raise VaultKeyWrong
    return vault


async def _sealed(pool: Pool | Connection) -> list[Sealed]:
    """The check value; of a database that is older than it, the newest parts."""
    return await _check(pool) or [Sealed(*row) for row in await pool.fetch(QUERIES.newest_sealed)]


async def _check(pool: Pool | Connection) -> list[Sealed]:
    return [Sealed(*_CHECK, *row) for row in await pool.fetch(QUERIES.vault_check)]


def _opens_one(vault: Vault, sealed: Iterable[Sealed]) -> bool:
    """Whether the key opens any of them, or there is none: one damaged part does not make the key a wrong one."""
    parts = list(sealed)
    return not parts or any(_opens(vault, part) for part in parts)


def _opens(vault: Vault, part: Sealed) -> bool:
    try:
        vault.open(part)
    except InvalidTag:
        return False
    return True
