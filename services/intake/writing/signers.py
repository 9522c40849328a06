"""The phones that sign writes: whose one is, whoever carries it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from services.intake.writing.chain import Signed, key_at, verifies
from services.intake.writing.commands import Command
from services.intake.writing.forms import is_write_id
from services.intake.writing.sql import QUERIES
from services.kernel.store.db import Connection

_REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Device:
    """A registered phone: it never changes."""

    account: str
    key: EllipticCurvePublicKey


class Devices:
    """The phones known so far, remembered for they never change."""

    def __init__(self) -> None:
        self._known: dict[str, Device] = {}

    async def attribute(self, connection: Connection, commands: Sequence[Command]) -> None:
        """Say of each signed write whose it is: its signer's when the signature holds, whoever carries it."""
        signed = [command.signed for command in commands if command.signed is not None]
        await self._load(connection, {one.device for one in signed if is_write_id(one.device)})
        for command in commands:
            if command.signed is not None and command.verified is None:
                self._attribute(command, command.signed)

    def _attribute(self, command: Command, signed: Signed) -> None:
        device = self._known.get(signed.device)
        if device is not None:
            command.signer, command.verified = device.account, verifies(device.key, signed)

    async def _load(self, connection: Connection, ids: set[str]) -> None:
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        missing = [device for device in ids if device not in self._known]
        if missing:
            rows = await connection.fetch(QUERIES.device_keys, missing)
            self._known.update({row["id"]: Device(row["account"], key_at(row["key"])) for row in rows})
