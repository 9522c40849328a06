"""Python's collector of circular garbage: batches of a thousand small things make none, and it walks them all."""

import gc

_OFTEN = 150_000, 20, 20


def spare_the_collector() -> None:
    """Leave what was made at start out of collections, and make these rare: they took a third of a batch's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OFTEN)
