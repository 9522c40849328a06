"""How long `kycuong run` takes to be ready: on a new folder, and after SIGKILL of itself and of its database."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.limits import Limit, at_most
from tests.support.instance import Instance


def measure() -> Iterator[Limit]:
    """Start, kill, start; kill both, start; stop."""
    folder = Path(tempfile.mkdtemp(prefix="kc-bench-"))
    folder.chmod(0o711)
    instance = Instance(folder / "data")
    try:
        yield at_most("ready on a new folder", 6, instance.start(), " s")
        instance.kill()
        yield at_most("ready after kill -9", 10, instance.start(), " s")
        postmaster = instance.postmaster()
        instance.kill()
        os.kill(postmaster, signal.SIGKILL)
        yield at_most("ready after kill -9 of the database too", 10, instance.start(), " s")
        yield at_most("Ctrl-C to the end of the last process", 5, instance.stop(), " s")
    finally:
        instance.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
