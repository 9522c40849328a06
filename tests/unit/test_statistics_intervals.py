"""Wilson's interval, and figures at a rounding boundary."""

from fractions import Fraction

import mpmath
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from services.reports.statistics.intervals import share_shown, wilson, wilson_shown
from services.reports.statistics.shown import shown


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_is_scipys(successes: int, n: int) -> None:
    successes = min(successes, n)
    theirs = scipy.stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_a_surveys_share_and_interval() -> None:
    assert share_shown(71, 80) == "88.75"
    assert wilson_shown(71, 80) == ("80.0", "94.0")  # 0.79982 to 0.93967


def test_nothing_asked_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson_shown(0, 0) == ("0.0", "100.0")
    assert share_shown(0, 0) is None


def test_all_or_none_stay_inside() -> None:
    assert wilson_shown(0, 10)[0] == "0.0"
    assert wilson_shown(10, 10)[1] == "100.0"


@pytest.mark.parametrize(
    ("value", "says"), [("0.125", "0.12"), ("0.135", "0.14"), ("-0.001", "0.00"), ("-0.125", "-0.12")]
)
def test_half_goes_to_even_and_zero_has_no_sign(value: str, says: str) -> None:
    assert shown(float(value), 2, lambda: Fraction(value)) == says


@pytest.mark.parametrize("error", [-3e-10, 0, 3e-10])
def test_at_a_boundary_the_exact_value_decides_whatever_the_float_says(error: float) -> None:
    assert shown(2.00005 + error, 4, lambda: mpmath.mpf("2.000050000000000000000001")) == "2.0001"
    assert shown(2.00005 + error, 4, lambda: mpmath.mpf("2.000049999999999999999999")) == "2.0000"
    assert shown(2.00015 + error, 4, lambda: Fraction("2.00015")) == "2.0002"


def test_away_from_a_boundary_nothing_else_is_asked() -> None:
    def never() -> Fraction:
        raise AssertionError("asked")

    assert shown(2.000050002, 4, never) == "2.0001"
