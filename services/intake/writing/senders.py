"""Whose token a write brings: known before anything of its content is read, and asked of the database once."""

from collections.abc import Mapping, Sequence

from services.kernel.flow.batcher import Batcher
from services.kernel.identity.authentication import load_callers
from services.kernel.identity.callers import Caller
from services.kernel.problems import Unauthorized, Unavailable
from services.kernel.store.db import TRANSIENT, Pool

_REMEMBERED = 10_000


class Senders:
    """The accounts of tokens, remembered for they never change: for refusing strangers and for rates, never for rights.

    Tokens nobody knows are looked up together, one statement at a time: a stranger's invented ones take no more than
    one of the pool's connections.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._accounts: dict[bytes, str] = {}
        self._lookups: Batcher[bytes, str] = Batcher(self._look_up, max_age=0)

    async def account(self, token: bytes) -> str:
        """The account whose token a hash is; Unauthorized when it is nobody's now."""
        return self._accounts.get(token) or await self._lookups.submit(token)

    def note(self, tokens: Sequence[bytes], callers: Mapping[bytes, Caller]) -> None:
        """Take in what a batch found of its tokens: one that is nobody's any more is forgotten."""
        if len(self._accounts) > _REMEMBERED:
            self._accounts.clear()
        for token in tokens:
            if token in callers:
                self._accounts[token] = callers[token].account
            else:
                self._accounts.pop(token, None)

    async def close(self) -> None:
        """Answer those who wait."""
        await self._lookups.close()

    async def _look_up(self, tokens: list[bytes]) -> list[str | Exception]:
        try:
            callers = await load_callers(self._pool, tokens)
        except TRANSIENT:
            return [Unavailable() for _ in tokens]
        self.note(tokens, callers)
        return [callers[token].account if token in callers else Unauthorized() for token in tokens]
