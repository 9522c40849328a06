"""The batcher's own database connection: a pool would reset it after every batch, a round trip each."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.kernel.store.db import TRANSIENT, Connection, Pool


class Session:
    """One connection kept from a pool, for one user at a time; a failure gives it back and takes another."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """The connection inside one transaction: committed on leaving, rolled back on any error."""
        async with self.use() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Connection]:
        """The connection, each statement a transaction of its own."""
        connection = await self._alive()
        try:
            yield connection
        except TRANSIENT:
            # whatever the driver thinks of the connection now, nothing more is said on it; its idle neighbours may
            # have lost the same server, so the pool replaces them before they are lent again
            with contextlib.suppress(asyncpg.InterfaceError):
                connection.terminate()
            await self._pool.expire_connections()
            await self.close()
            raise
        except BaseException:
            await self.close()
            raise

    async def _alive(self) -> Connection:
        connection = self._connection
        with contextlib.suppress(asyncpg.InterfaceError):  # a lost connection has gone back to its pool by itself
            if connection is not None and not connection.is_closed():
                return connection
        self._connection = await self._pool.acquire()
        return self._connection

    async def close(self) -> None:
        """Give the connection back; the pool checks and resets it, or drops it when it cannot."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*TRANSIENT):
                await self._pool.release(connection)
