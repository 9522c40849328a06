"""The estimates are PySAL's and spdep's on the same data; what PySAL says `tests/support/pysal_says.py` wrote down.

Auckland: infant deaths by area, 1977 to 1985, and nine times the children under five of 1981 (Marshall 1991; by way of
spData, CC0). St. Louis: homicides by county, 1979 to 1984, beside persons. North Carolina: see test_statistics.
"""

import json
from fractions import Fraction
from typing import Any

import pytest

from services.reports.statistics.intervals import fay_feuer
from services.reports.statistics.marshall import estimates, moments
from services.reports.statistics.strata import expected_counts
from tests.support.pysal_says import AREAS, CHECKED, CLASSES, STRATA, VECTORS, WEIGHTS, pairs

SAYS: dict[str, Any] = json.loads((VECTORS / "pysal.json").read_text())


@pytest.mark.parametrize("name", AREAS)
def test_shrunk_rates_are_pysals(name: str) -> None:
    observed, exposure = zip(*pairs(name), strict=True)
    theirs = SAYS["empirical_bayes"][name]
    found = moments(observed, exposure)
    assert len(theirs) == len(observed)
    assert estimates(observed, exposure).tolist() == pytest.approx(theirs, abs=1e-12)
    exact = [float(found.estimate(o, n)) for o, n in pairs(name)]
    assert exact == pytest.approx(theirs, abs=1e-12)


def test_aucklands_prior_is_spdeps() -> None:
    found = moments(*zip(*pairs("auckland-1977-1985"), strict=True))
    assert found.m == Fraction(1403, 532764)
    assert (float(found.a), float(found.m)) == pytest.approx((7.284173e-07, 0.002633436), rel=5e-7)


def test_where_chance_explains_everything_all_are_alike() -> None:
    observed, exposure = (5, 5, 5, 6), (100, 100, 100, 110)
    assert moments(observed, exposure).a < 0
    assert estimates(observed, exposure).tolist() == pytest.approx([21 / 410] * 4, abs=1e-15)


def test_expected_counts_are_pysals() -> None:
    ratios = [
        sum(o for o, _ in unit) / float(expected)
        for unit, expected in zip(STRATA, expected_counts(STRATA), strict=True)
        if all(n for _, n in unit)
    ]
    assert ratios == pytest.approx(SAYS["observed_to_expected"], abs=1e-12)


def test_nobody_checked_expects_nothing() -> None:
    assert expected_counts([[(0, 0), (2, 40)], [(0, 0), (1, 20)]]) == [2, 1]
    assert sum(expected_counts(STRATA)) == sum(o for unit in STRATA for o, _ in unit)


def test_intervals_of_weighted_rates_are_pysals() -> None:
    ours = [
        (sum(w * o for w, o in zip(WEIGHTS, counts, strict=True)) / n, *fay_feuer(WEIGHTS, counts, n))
        for counts, n in zip(CLASSES, CHECKED, strict=True)
    ]
    for one, theirs in zip(ours, SAYS["weighted_rates"], strict=True):
        assert one == pytest.approx(theirs, abs=1e-9)


def test_without_a_finding_a_weighted_rate_may_still_be_something() -> None:
    low, high = fay_feuer(WEIGHTS, (0, 0, 0), 100)
    assert low == 0
    assert high == pytest.approx(10 * 3.6888794541 / 100)
