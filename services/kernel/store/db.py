"""PostgreSQL: one pool a service and role, one transaction a request or batch, opened at the edge."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

_FAREWELL = 1.0  # seconds
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_PLANNED_ONCE = "; SET LOCAL plan_cache_mode = force_generic_plan"
Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Pool: TypeAlias = asyncpg.Pool
# what a caller may meet when the database is away, restarting or overloaded: try again, nothing was decided
TRANSIENT: tuple[type[BaseException], ...] = (
    OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError,
    asyncpg.SerializationError, asyncpg.InsufficientResourcesError, asyncpg.LockNotAvailableError,
)  # fmt: skip


async def open_pool(dsn: str, *, name: str, size: int = 10) -> Pool:
    """A pool that gives up on a statement after 30 s and on an idle transaction after 15 s.

    Nobody leaves anything on a session of it (locks, listeners and settings have connections of their own or last a
    transaction), so giving one back costs no round trip.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=10,
        command_timeout=60,
        reset=_as_it_is,
        server_settings={
            "application_name": f"kycuong-{name}",
            "statement_timeout": "30s",
            "idle_in_transaction_session_timeout": "15s",
            "timezone": "UTC",
            "jit": "off",
        },
    )


@asynccontextmanager
async def opened_pool(dsn: str, *, name: str, size: int = 10) -> AsyncIterator[Pool]:
    """A pool while a service runs; at the end its running statements have a second."""
    pool = await open_pool(dsn, name=name, size=size)
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(_FAREWELL):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _as_it_is(connection: Connection) -> None:
    if connection.is_in_transaction():  # its end was cancelled
        await connection.reset()


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A connection inside one transaction: committed on leaving, rolled back on any error."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def snapshot(pool: Pool, *, planned_once: bool = False) -> AsyncIterator[Connection]:
    """A connection whose statements all see the same instant, and change nothing: what one answer is made of.

    `planned_once`: for statements whose plan is the same whatever is asked, and takes as long to make as to follow.
    """
    async with pool.acquire() as connection:
        await connection.execute(_SNAPSHOT + (_PLANNED_ONCE if planned_once else ""))
        try:
            yield connection
        except BaseException:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as the columns that `unnest` takes; as many empty ones of no rows."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
