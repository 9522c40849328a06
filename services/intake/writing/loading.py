"""Reading what is general of a batch of writes: its units' numbers, what was accepted before, whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.vault.sealing import Sealed, Vault
from services.intake.vault.sql import QUERIES as VAULT
from services.intake.writing.commands import Command
from services.intake.writing.forms import is_write_id
from services.intake.writing.needs import Needs, Stamps
from services.intake.writing.sql import QUERIES
from services.intake.writing.world import Known, World
from services.kernel.identity.authentication import load_accounts
from services.kernel.identity.callers import Caller
from services.kernel.store.db import Connection


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a batch begins from."""

    numbers: dict[str, int]
    """The last one of each unit."""
    known: dict[str, Known]
    """The writes accepted before."""
    stamps: Stamps


async def recall(
    connection: Connection, vault: Vault, commands: Sequence[Command], needs: Needs, *, lock: bool
) -> Recalled:
    """The last numbers of the units (locked or not), the ids accepted before, and the writes that these look at."""
    ids = {command.id for command in commands if command.sent is not None or is_write_id(command.id)}
    asked = (sorted(needs.units), list(ids | needs.writes))
    if lock:
        rows = await connection.fetch(QUERIES.lock_and_recall, *asked)
        stamps = Stamps(*await connection.fetchrow(QUERIES.stamps))
    else:
        rows = await connection.fetch(QUERIES.recall, *asked)
        stamps = next(Stamps(row["last_seq"], row["calendars"]) for row in reversed(rows) if row["calendars"])
    numbers = {row["unit"]: row["last_seq"] for row in rows if row["unit"] is not None}
    known = {
        row["id"]: Known(row["account"], row["content"], row["answer"], {}) for row in rows if row["id"] is not None
    }
    if known:
        await _add_parts(connection, vault, known, ids)
    return Recalled(numbers, known, stamps)


async def _add_parts(connection: Connection, vault: Vault, known: dict[str, Known], compared: set[str]) -> None:
    """The private parts of known writes, opened where a repeat is to be compared with them."""
    for row in await connection.fetch(VAULT.parts, list(known)):
        write, group = known[row["event_id"]], row["grp"]
        if row["erased_at"] is not None:
            write.erased.add(group)
        elif row["lost_at"] is not None:
            write.lost.add(group)
        elif row["event_id"] in compared:
            write.parts[group] = vault.open(Sealed(row["event_id"], group, row["wrapped_key"], row["sealed"]))[1]
        else:
            write.parts[group] = b""


async def load_authors(connection: Connection, commands: Sequence[Command], world: World) -> dict[str, Caller]:
    """Those whose writes these commands carry; with all their appointments."""
    accounts = signers(commands)
    for command in commands:
        if command.handed_over and command.noun.author is not None:
            author = command.noun.author(world, command)
            accounts |= {author} if author else set()
    return await load_accounts(connection, sorted(accounts)) if accounts else {}


def signers(commands: Sequence[Command]) -> set[str]:
    """Those whose phones signed them."""
    return {command.signer for command in commands if command.signer is not None and command.verified}


async def existing_accounts(connection: Connection, accounts: set[str]) -> set[str]:
    """Which of these accounts there are."""
    if not accounts:
        return set()
    return {row["account"] for row in await connection.fetch(QUERIES.accounts, list(accounts))}
