"""A peer group fitted anew: 200 units that differ by chance, and 200 that stand apart and are ranked."""

import time
from collections.abc import Iterator
from statistics import median

from services.reports.scoring.comparison.compare import compare
from services.reports.scoring.comparison.rules import Comparison, Least
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally
from services.reports.statistics.grid import HIGH, LOW, Posterior
from tests.bench.limits import Limit, at_most

QUARTER = "2026-Q4"
RULES = Comparison({"1": 1, "2": 3, "3": 10}, {}, Least(30, 2, 2))
UNITS = 200


def units(most: int) -> dict[str, Seen]:
    """Rates up to so many per hundred, by arithmetic."""
    found = {}
    for at in range(UNITS):
        persons = 60 + at * 53 % 181
        found[f"u{at:03}"] = Seen(
            "xa", {QUARTER: Tally(Stratum(2, persons, persons * (at * 37 % most + 1) // 100), inspectors=2)}
        )
    return found


def measure() -> Iterator[Limit]:
    """Milliseconds of processor time, once scipy is loaded; the fit alone, and the whole of what cards show."""
    alike, apart = units(4), units(60)
    assert not any(one["rank"] for one in compare(RULES, QUARTER, alike).values())
    assert all(one["rank"] for one in compare(RULES, QUARTER, apart).values())
    counts = [(seen.quarters[QUARTER].observed, seen.quarters[QUARTER].persons) for seen in alike.values()]
    fit = _took(lambda: Posterior(counts).quantiles(counts, (LOW, HIGH)))
    yield at_most("a peer group of 200 fitted", 50, fit, " ms")
    yield at_most(
        "its comparisons whole, in units of its fit", 3, _took(lambda: compare(RULES, QUARTER, alike)) / fit, ""
    )
    yield at_most("those of 200 ranked, in units of it", 8, _took(lambda: compare(RULES, QUARTER, apart)) / fit, "")


def _took(work: object) -> float:
    took = []
    for _ in range(7):
        began = time.process_time()
        work()  # type: ignore[operator]
        took.append(1_000 * (time.process_time() - began))
    return median(took)
