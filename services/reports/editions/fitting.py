"""Comparisons fitted in a process of their own: what only a fit needs is loaded there, and gone with it.

The process is given counts and returns figures, both as JSON; it asks no database, no network and no clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from services.reports.scoring.comparison.compare import FEWEST_UNITS, compare
from services.reports.scoring.comparison.rules import Comparison
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally
from services.reports.text import dump

_PATIENCE = 120.0  # seconds: 5,000 units take about three


class FitFailed(OSError):
    """The process ended without an answer; what it was given is still there, so it is tried again."""


async def fitted(rules: Comparison, quarter: str, units: Mapping[str, Seen]) -> dict[str, dict[str, Any]]:
    """What `compare` says of these counts; FitFailed when no process could say it."""
    if len(units) < FEWEST_UNITS:  # too few for any group to be fitted
        return compare(rules, quarter, units)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            answer, _ = await child.communicate(_asked(rules, quarter, units))
    except TimeoutError as error:
        raise FitFailed(f"the comparison of {quarter} took longer than {_PATIENCE:.0f} s") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise FitFailed(f"the process that compares {quarter} ended with {child.returncode}")
    return dict(json.loads(answer))


def _asked(rules: Comparison, quarter: str, units: Mapping[str, Seen]) -> bytes:
    rows = {unit: [seen.group, seen.quarters] for unit, seen in units.items()}
    return dump({"rules": rules.json(), "quarter": quarter, "units": rows}).encode()


def _answered(asked: bytes) -> dict[str, dict[str, Any]]:
    """What the process does; the only place of a service where numpy, scipy and mpmath are loaded."""
    told = json.loads(asked)
    rules = Comparison.read("", told["rules"])
    units = {
        unit: Seen(group, {quarter: _tally(*row) for quarter, row in quarters.items()})
        for unit, (group, quarters) in told["units"].items()
    }
    return compare(rules, told["quarter"], units) if rules else {}


def _tally(random: list[int], scheduled: list[int], inspectors: int) -> Tally:
    return Tally(Stratum(*random), Stratum(*scheduled), inspectors)


if __name__ == "__main__":
    sys.stdout.write(dump(_answered(sys.stdin.buffer.read())))
