"""How long to wait between attempts; without asyncio, for the verifier starts in a tenth of a second."""

from collections.abc import Iterator


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds between attempts, without end: each twice the one before, up to the longest."""
    while True:
        yield first
        first = min(2 * first, longest)
