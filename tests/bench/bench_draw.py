"""A draw among the units of a whole country's province: 5,000 candidates."""

import time
from collections.abc import Iterator
from statistics import median

from services.domain import draw
from tests.bench.limits import Limit, at_most

CANDIDATES = [f"xa-{number:05}" for number in range(5_000)]
ROUND = "0199a502-7a1b-7c2d-8e3f-4a5b6c7d8e01"


def measure() -> Iterator[Limit]:
    """Milliseconds from the root to the units drawn."""
    took = []
    for number in range(21):
        began = time.perf_counter()
        draw.draw(bytes([number] * 32), ROUND, "48213", [{"group": "xa", "size": 150}], [CANDIDATES])
        took.append(1_000 * (time.perf_counter() - began))
    yield at_most("a draw of 150 among 5,000", 50, median(took), " ms")
