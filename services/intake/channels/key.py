"""The key of what is private of channels: a start without it, or with another one, would lose addresses and secrets."""

from cryptography.exceptions import InvalidTag

from services.intake.channels.store import QUERIES
from services.kernel.identity.channels import SECRET, Seal
from services.kernel.process.folder import Folder, SecretBroken
from services.kernel.process.loops import StartRefused
from services.kernel.store.db import Connection, Pool

_REMEDY = (
    "hãy đặt lại đúng tệp từ bản sao lưu (docs/operate.md, Backup), đừng tạo khóa mới / put the right file back from "
    "its backup, do not make a new key (docs/operate.md, Backup)"
)


async def require_channel_key(pool: Pool | Connection, folder: Folder) -> None:
    """StartRefused unless the folder's key opens what was sealed last, or nothing was."""
    sealed = await pool.fetch(QUERIES.newest_sealed)
    if sealed and not folder.has_secret(SECRET):
        raise StartRefused(
            "thiếu secrets/channel_key, trong khi cơ sở dữ liệu có địa chỉ nhận tin được niêm bằng khóa đó / "
            f"secrets/channel_key is missing, and the database holds addresses for notices sealed under it: {_REMEDY}"
        )
    try:
        seal = Seal.of(folder) if sealed else None
    except SecretBroken as broken:
        raise StartRefused(str(broken)) from None
    # one damaged row does not make the key a wrong one
    if seal is not None and not any(_opens(seal, *row) for row in sealed):
        raise StartRefused(
            "secrets/channel_key không phải khóa đã niêm các địa chỉ nhận tin trong cơ sở dữ liệu này / "
            f"secrets/channel_key is not the key that sealed the addresses for notices of this database: {_REMEDY}"
        )


def _opens(seal: Seal, id: str, sealed: bytes) -> bool:
    try:
        seal.open(id, sealed)
    except InvalidTag:
        return False
    return True
