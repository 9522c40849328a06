"""Pseudonyms: a random name of an account for one quarter, mapped to the account in the vault only."""

import secrets
from collections.abc import Iterable

from services.intake.vault.sql import QUERIES
from services.kernel.store.db import Connection

_REMEMBERED = 100_000


class Pseudonyms:
    """The pseudonyms given so far, remembered for they never change."""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, str]] = {}

    async def load(self, connection: Connection, accounts: Iterable[str]) -> "Naming":
        """What a batch that names these accounts needs."""
        if len(self._given) > _REMEMBERED:
            self._given.clear()
        accounts = set(accounts)
        missing = [account for account in accounts if account not in self._given]
        loaded: dict[str, dict[str, str]] = {account: {} for account in missing}
        if missing:
            for row in await connection.fetch(QUERIES.pseudonyms, missing):
                loaded[row["account"]][row["quarter"]] = row["ref"]
        names = {account: self._given.get(account) or loaded.get(account, {}) for account in accounts}
        return Naming(names)

    def remember(self, naming: "Naming") -> None:
        """Keep names once they are stored for good."""
        for (account, quarter), ref in naming.fresh.items():
            naming.names[account][quarter] = ref
        self._given.update(naming.names)

    def forget(self) -> None:
        """Read all again: another process may have given a name at the same time."""
        self._given.clear()


class Naming:
    """The names a batch uses: those given before, and fresh ones."""

    def __init__(self, names: dict[str, dict[str, str]]) -> None:
        self.names = names
        self.fresh: dict[tuple[str, str], str] = {}

    def ref(self, account: str, quarter: str) -> str:
        """The account's pseudonym for a quarter; made here when it has none."""
        given = self.names[account].get(quarter) or self.fresh.get((account, quarter))
        if given is None:
            given = self.fresh[account, quarter] = secrets.token_hex(16)
        return given

    async def store(self, connection: Connection) -> None:
        """Store the fresh names."""
        if self.fresh:
            accounts, quarters = zip(*self.fresh, strict=True)
            await connection.execute(QUERIES.add_pseudonyms, accounts, quarters, list(self.fresh.values()))
