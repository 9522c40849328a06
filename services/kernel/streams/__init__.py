"""The stream port and its two adapters: `embedded` (a PostgreSQL table) and `kafka`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kernel.process.settings import Settings
from services.kernel.streams.port import Delivered, Position, Reader, Record, Stream, StreamDown, StreamReset

__all__ = [
    "Delivered", "Position", "Reader", "Record", "Stream", "StreamDown", "StreamReset", "open_stream", "opened_stream",
]  # fmt: skip


def open_stream(settings: Settings, name: str) -> Stream:
    """The stream as service `name` (intake, audit, reports) uses it: Kafka when one is configured, else embedded."""
    if settings.kafka is not None:
        from services.kernel.streams.kafka import KafkaStream

        return KafkaStream(settings.kafka, name)
    from services.kernel.streams.embedded import EmbeddedStream

    return EmbeddedStream(settings.dsn(f"{name}_app"), name)


@asynccontextmanager
async def opened_stream(settings: Settings, name: str) -> AsyncIterator[Stream]:
    """The stream, started, while a service runs."""
    stream = open_stream(settings, name)
    try:
        await stream.start()
        yield stream
    finally:
        await stream.stop()
