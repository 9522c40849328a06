"""The stream port and its two adapters: `embedded` (a PostgreSQL table) and `kafka`."""

from services.kernel.process.settings import Settings
from services.kernel.streams.port import Delivered, Position, Reader, Record, Stream, StreamDown, StreamReset

__all__ = ["Delivered", "Position", "Reader", "Record", "Stream", "StreamDown", "StreamReset", "open_stream"]


def open_stream(settings: Settings, name: str) -> Stream:
    """The stream as service `name` (intake, audit, reports) uses it: Kafka when one is configured, else embedded."""
    if settings.kafka is not None:
        from services.kernel.streams.kafka import KafkaStream

        return KafkaStream(settings.kafka, name)
    from services.kernel.streams.embedded import EmbeddedStream

    return EmbeddedStream(settings.dsn(f"{name}_app"), name)
