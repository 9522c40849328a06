"""What PySAL's esda says of the vectors, and how long it takes: run by a Python of its own that has it.

`requirements/peers.txt` pins it with hashes; `make bench` installs it into .cache/peers. Figures anew:
`.cache/peers/bin/python tests/support/pysal_says.py > tests/vectors/pysal.json`. `--seconds N` takes the time instead.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"
AREAS = ("auckland-1977-1985", "st-louis-1979-1984", "sids-north-carolina-1974")
STRATA = (((4, 120), (2, 60)), ((0, 45), (1, 130)), ((9, 210), (0, 0)), ((3, 75), (6, 95)), ((1, 300), (0, 20)))
"""Units with what was found and who was checked, by how visits were chosen."""
WEIGHTS, CLASSES, CHECKED = (1, 3, 10), ((7, 2, 1), (1, 0, 0), (0, 4, 2), (12, 5, 3)), (214, 95, 310, 180)
"""Severities, what was found of each, and who was checked."""


def pairs(name: str) -> list[tuple[int, int]]:
    """(events, persons) of each area."""
    return [tuple(map(int, one.split("/"))) for one in (VECTORS / f"{name}.txt").read_text().split()]  # type: ignore[misc]


def made(units: int) -> list[tuple[int, int]]:
    """A province by arithmetic, as large as one likes: rates up to nine per hundred."""
    return [(persons * (at * 37 % 10) // 100, persons) for at in range(units) for persons in [30 + at * 53 % 271]]


def _figures() -> dict[str, Any]:
    import numpy as np
    from esda import smoothing

    found = {name: zip(*pairs(name), strict=True) for name in AREAS}
    two = [unit for unit in STRATA if all(n for _, n in unit)]
    events, persons = np.array(two, float).reshape(-1, 2).T
    sums = np.array(STRATA, float).sum(axis=0)
    weights = np.tile(WEIGHTS, len(CLASSES)).astype(float)
    return {
        "versions": {name: version(name) for name in ("esda", "libpysal", "numpy", "scipy")},
        "empirical_bayes": {
            name: smoothing.Empirical_Bayes(*map(np.array, columns)).r.ravel().tolist()
            for name, columns in found.items()
        },
        "observed_to_expected": smoothing.standardized_mortality_ratio(
            events, persons, np.tile(sums[:, 0], len(two)), np.tile(sums[:, 1], len(two)), len(two)
        ).tolist(),
        "weighted_rates": [
            [float(figure) * sum(WEIGHTS) for figure in one]
            for one in smoothing.direct_age_standardization(
                np.ravel(CLASSES).astype(float), np.repeat(CHECKED, 3).astype(float), weights, len(CLASSES)
            )
        ],
    }  # fmt: skip


def _seconds(units: int, times: int = 200) -> dict[str, float]:
    """Processor time of one call by arrays, the median of seven runs."""
    import numpy as np
    from esda import smoothing

    loaded = time.process_time()
    events, persons = map(np.array, zip(*made(units), strict=True))
    took = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(times):
            smoothing.Empirical_Bayes(events, persons)
        took.append((time.process_time() - began) / times)
    return {"call": median(took), "loaded": loaded}


if __name__ == "__main__":
    asked = _seconds(int(sys.argv[2])) if "--seconds" in sys.argv else _figures()
    print(json.dumps(asked))
