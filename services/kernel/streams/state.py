"""Whether the stream works, as a metric: it is no part of readiness, for the services go on without it."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.kernel.process.telemetry import meter
from services.kernel.streams.port import StreamDown

_up = meter.create_gauge("kycuong.stream.up", description="1 when the last use of the stream succeeded, 0 when not")


@contextmanager
def watched(user: str) -> Iterator[None]:
    """Note whether a use of the stream succeeds."""
    try:
        yield
    except StreamDown:
        _up.set(0, {"user": user})
        raise
    _up.set(1, {"user": user})
