"""`make bench`: every limit beside its figure, measured in this run on this machine. Exit code 1 when one is broken."""

import importlib
import sys
from pathlib import Path


def main() -> int:
    """Run each `bench_*.py` (or those named as arguments): its `measure()` yields Limits."""
    names = sys.argv[1:] or sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
    )
    broken = 0
    for name in names:
        for limit in importlib.import_module(f"tests.bench.bench_{name}").measure():
            print(limit, flush=True)
            broken += not limit.kept
    return 1 if broken else 0


sys.exit(main())
