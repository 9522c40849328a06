"""How long the fictional province takes to load, from the first line to the cards of its closed quarters."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.limits import Limit, at_most
from tests.e2e.test_demo import Demo


def measure() -> Iterator[Limit]:
    """Load into a new folder."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder.chmod(0o711)
    demo = Demo(folder / "data")
    try:
        demo.launch()
        said = re.search(r"([\d,]+) giây", demo.said(300))
        assert said is not None
        yield at_most(
            "the demo province is loaded and its cards are served", 60, float(said[1].replace(",", ".")), " s"
        )
    finally:
        demo.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
