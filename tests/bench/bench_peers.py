"""Estimates beside PySAL's on the same data, both in this run: where it is not there yet, it is installed (400 MB)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from services.reports.statistics.marshall import estimates
from tests.bench.limits import Limit, at_most
from tests.support.pysal_says import AREAS, made, pairs

ROOT = Path(__file__).parents[2]
PEERS, LOCK, SAYS = ROOT / ".cache" / "peers", ROOT / "requirements" / "peers.txt", "tests/support/pysal_says.py"
TIMES = 200


def measure() -> Iterator[Limit]:
    """How far estimates differ at most, and one call by arrays in units of theirs."""
    _install()
    theirs = json.loads(_says())["empirical_bayes"]
    for name in AREAS:
        apart = np.abs(estimates(*zip(*pairs(name), strict=True)) - np.array(theirs[name])).max()
        yield at_most(f"{len(theirs[name])} areas ({name}): differ by", 1e-6, float(apart))
    for units in (200, 5_000):
        took = json.loads(_says("--seconds", str(units)))["call"]
        ours = _seconds(units)
        name = f"{units:,} shrunk rates ({ours * 1e6:.0f} µs), in units of PySAL's ({took * 1e6:.0f} µs)"
        yield at_most(name, 1, ours / took, " x")


def _install() -> None:
    if (PEERS / "bin" / "python").exists():
        return
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, PEERS], check=True)
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", PEERS / "bin" / "python", "--require-hashes", "-r", LOCK], check=True
    )


def _says(*arguments: str) -> str:
    command = [PEERS / "bin" / "python", SAYS, *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _seconds(units: int) -> float:
    """Processor time of one call, as `pysal_says` takes it."""
    observed, exposure = map(np.array, zip(*made(units), strict=True))
    took = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(TIMES):
            estimates(observed, exposure)
        took.append((time.process_time() - began) / TIMES)
    return median(took)
