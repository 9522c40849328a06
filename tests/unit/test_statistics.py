"""The statistics against published figures, other programs' numbers, and what must hold of any counts.

W1 to W3: eight units, worked in R. SIDS: sudden infant deaths per births in North Carolina's counties, 1974 (Cressie).
"""

import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammainc

from services.reports.statistics.discovery import benjamini_hochberg, upper_tail
from services.reports.statistics.funnel import (
    LEVELS,
    limit,
    limits_over_dispersed,
    over_dispersion,
    z_over_dispersed,
    z_score,
)
from services.reports.statistics.grid import HIGH, LOW, Posterior
from services.reports.statistics.intervals import garwood
from services.reports.statistics.marshall import moments, rankability
from services.reports.statistics.ranks import _exactly, _refined, expected_ranks, precise_rank, rank_intervals
from services.reports.statistics.severity import weighted_rates
from services.reports.statistics.shares import Shares, shares
from services.reports.statistics.shown import DIGITS
from services.reports.statistics.trend import change, cusum, ewma, improved, precise_improved

FOUND, CHECKED = (7, 1, 4, 0, 12, 9, 2, 3), (214, 95, 310, 40, 180, 520, 260, 150)
UNITS = list(zip(FOUND, CHECKED, strict=True))
E = [Fraction(38 * n, 1769) for n in CHECKED]
VECTORS = Path(__file__).parents[1] / "vectors"
counts = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 900)), min_size=2, max_size=12)


def near(*figures: float) -> object:
    return pytest.approx(figures, abs=1e-6)


def test_w1_moments() -> None:
    found = moments(FOUND, CHECKED)
    assert found.m == Fraction(38, 1769)
    assert (float(found.a), float(found.alpha), float(found.beta)) == pytest.approx(
        (0.00018888419525690494, 2.4429574752, 113.7260993070), rel=1e-10
    )
    assert [100 * float(found.estimate(o, n)) for o, n in UNITS] == near(
        2.88135656, 1.64950981, 1.52054770, 1.58916247, 4.91715156, 1.80566297, 1.18882719, 2.06386758
    )


def test_w1_grid() -> None:
    fit = Posterior(UNITS)
    assert [100 * fit.mean(o, n) for o, n in UNITS] == near(
        2.883399398, 1.696826967, 1.565489458, 1.625591937, 4.874852092, 1.831301323, 1.248351376, 2.102702146
    )
    m, cv = fit.expectation()
    assert (100 * m, cv) == near(2.366397818, 0.6702366365)
    ends = fit.quantiles(UNITS, (LOW, HIGH))
    assert [100 * end for unit in (0, 3, 4) for end in ends[unit]] == near(
        1.3352230, 5.2001873, 0.0931301, 4.4055632, 2.2583699, 8.5416560
    )


def test_w2_funnel() -> None:
    assert float(E[4]) == pytest.approx(3.866591, abs=1e-6)
    assert [limit(float(E[4]), level) / 1.8 for level in LEVELS[2:]] == pytest.approx((4.28701, 5.99617), abs=5e-6)
    phi, tau2 = over_dispersion(FOUND, E)
    assert (phi, tau2) == near(1.632528226, 0.04828569197)
    assert (z_score(12, E[4]), z_over_dispersed(12, E[4], tau2)) == near(2.995473, 2.266435)
    assert [limit(4, level) for level in LEVELS] == near(0, 0.091238, 7.877845, 10.955953)
    assert [limit(10, level) for level in LEVELS] == near(1.220529, 3.775188, 16.159951, 20.662001)


def test_w3_ranks() -> None:
    prior = moments(FOUND, CHECKED)
    shapes, rates = [float(prior.alpha) + o for o in FOUND], [float(prior.beta) + n for n in CHECKED]
    assert expected_ranks(shapes, rates) == near(
        6.219892, 3.644888, 3.432483, 3.431847, 7.820160, 4.267964, 2.516598, 4.666167
    )
    found = rank_intervals(shapes, rates)
    assert [found[unit] for unit in (0, 3, 4)] == [(4, 8), (1, 7), (7, 8)]
    assert float(rankability(prior, CHECKED)) == pytest.approx(0.632263, abs=1e-6)


def test_sids_is_what_pysal_says() -> None:
    pairs = [tuple(map(int, one.split("/"))) for one in (VECTORS / "sids-north-carolina-1974.txt").read_text().split()]
    found = moments(*zip(*pairs, strict=True))
    assert (len(pairs), found.m) == (100, Fraction(667, 329962))
    assert [float(found.estimate(*pair)) for pair in pairs[:5]] == pytest.approx(
        (0.0016973, 0.0017054, 0.0017731, 0.0020129, 0.0035349), abs=5e-8
    )


def test_huddersfield_is_what_spdep_says() -> None:
    weight = Fraction("93.920325")
    rows = ((21, 49), (22, 76), (47, 166), (3, 14), (8, 24))
    mean = (Fraction("0.3444") * (weight + 49) - 21) / weight
    found = [100 * float(Shares(mean, weight).estimate(*row)) for row in rows]
    assert found == pytest.approx((34.44, 29.56, 28.94, 28.93, 30.72), abs=0.01)


def test_exact_poisson_limits_are_funnel_plot_rs() -> None:
    for count, *limits in (
        (15, 0.5596924, 1.649348, 0.3862650, 2.082907),
        (20, 0.6108260, 1.544419, 0.4479107, 1.902094),
        (30, 0.6746958, 1.427562, 0.5289724, 1.702771),
    ):
        found = [end / count for level in (0.95, 0.998) for end in garwood(int(count), level)]
        assert found == pytest.approx(limits, abs=1e-6)
    assert garwood(0)[0] == 0


def test_over_dispersion_is_funnel_plot_rs() -> None:
    observed = (100, 150, 180, 80, 120, 225, 40, 60, 210, 33)
    expected = (108, 112, 165, 95, 100, 220, 61, 41, 160, 50)
    assert over_dispersion(observed, expected) == pytest.approx((5.21138161843, 0.0110549878058), rel=1e-10)


def test_limits_are_where_the_score_is_the_limits() -> None:
    for tau2 in (0.0, 0.0483):
        for side, ratio in zip((-1, 1), limits_over_dispersed(9.0, tau2, 1.96), strict=True):
            assert z_over_dispersed(9 * ratio, 9.0, tau2) == pytest.approx(side * 1.96)  # type: ignore[arg-type]
    assert limits_over_dispersed(0.1, 0, 3.09)[0] == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discoveries_as_scipy_controls_them(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(scipy.stats.false_discovery_control(p).tolist(), abs=1e-15)


def test_the_tail_is_the_normal_ones() -> None:
    assert [upper_tail(z) for z in (-1, 0, 1.96, 3.09)] == pytest.approx(
        scipy.stats.norm.sf([-1, 0, 1.96, 3.09]).tolist()
    )


@settings(max_examples=25, deadline=None)
@given(counts, st.randoms())
def test_the_order_in_which_units_arrive_says_nothing(units: list[tuple[int, int]], random: object) -> None:
    mixed = list(units)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = Posterior(units), Posterior(mixed)
    assert (one.nodes, one.expectation()) == (other.nodes, other.expectation())
    assert one.quantiles(units, (LOW, HIGH)) == other.quantiles(units, (LOW, HIGH))
    assert moments(*zip(*units, strict=True)) == moments(*zip(*mixed, strict=True))


@settings(max_examples=25, deadline=None)
@given(counts)
def test_an_estimate_lies_in_its_interval_and_is_never_zero(units: list[tuple[int, int]]) -> None:
    fit = Posterior(units)
    for (o, n), (low, high) in zip(units, fit.quantiles(units, (LOW, HIGH)), strict=True):
        assert 0 < low < fit.mean(o, n) < high
    for (o, n), (low, _) in zip(units[:1], fit.quantiles(units[:1], (LOW, HIGH)), strict=True):
        total = sum(
            node.weight * scipy.stats.gamma.cdf(low, node.alpha + o, scale=1 / (node.beta + n)) for node in fit.nodes
        )
        assert total == pytest.approx(0.025, abs=1e-11)


def test_floats_are_what_fifty_digits_say() -> None:
    fit = Posterior(UNITS)
    [[low, high]] = fit.quantiles([UNITS[0]], (LOW, HIGH))
    shapes, rates = [2.5 + o for o in FOUND], [114.0 + n for n in CHECKED]
    with mpmath.workdps(DIGITS):
        exact = [
            fit.precise_mean(*UNITS[0]), fit.precise_quantile(*UNITS[0], LOW, low),
            fit.precise_quantile(*UNITS[0], HIGH, high), precise_improved(fit, UNITS[0], UNITS[4]),
            precise_rank(shapes, rates, 2), over_dispersion(FOUND, E, mpmath.sqrt, mpmath.fsum)[1],
        ]  # fmt: skip
    floats = [
        fit.mean(*UNITS[0]), low, high, improved(fit, UNITS[0], UNITS[4]), expected_ranks(shapes, rates)[2],
        over_dispersion(FOUND, E)[1],
    ]  # fmt: skip
    assert floats == pytest.approx([float(one) for one in exact], rel=1e-11)


@pytest.mark.parametrize(("units", "times"), [(8, 1), (24, 1), (40, 1), (40, 300), (40, 30_000)])
def test_the_refined_law_is_off_by_one_rank_at_most(units: int, times: int) -> None:
    shapes = [0.5 + times * ((17 * at) % 50) for at in range(units)]
    rates = [times * (200.0 + (83 * at) % 400) for at in range(units)]
    for exact, refined in zip(_exactly(shapes, rates), _refined(shapes, rates), strict=True):
        assert max(abs(exact[0] - refined[0]), abs(exact[1] - refined[1])) <= 1


def test_intervals_cover_what_they_say() -> None:
    """60 groups of 20 units, about 120 persons each, 2 % with CV 0.6: at least 92 % of the 95 % intervals hold."""
    draws = np.random.default_rng(14)
    held = total = 0
    for _ in range(60):
        truth = draws.gamma(1 / 0.36, 0.02 * 0.36, 20)
        exposure = draws.integers(60, 180, 20)
        units = list(zip(draws.poisson(truth * exposure).tolist(), exposure.tolist(), strict=True))
        ends = Posterior(units).quantiles(units, (LOW, HIGH))
        held += sum(low <= rate <= high for rate, (low, high) in zip(truth, ends, strict=True))
        total += len(units)
    assert held / total >= 0.92


@pytest.mark.parametrize(
    "units",
    [
        [(6847, 1923), (229417, 70508)],
        [(20, 233), (592, 5884), (3, 812), (40, 611), (77, 5400)],
        [(940, 1341), (1774, 2617), (8, 20), (148, 198), (237, 381), (448, 694)],
        [(0, 1030), (0, 2178), (4, 472), (2627, 2891)],
        [(824, 580179), (350, 20410), (39884, 1930), (0, 12525)],
        [(1, 1)] * 3,
    ],
)
def test_intervals_end_where_they_say_for_many_findings_too(units: list[tuple[int, int]]) -> None:
    """Once the last step was too short for a float, the search began anew at twice the rate, and was lost there."""
    fit = Posterior(units)
    shape, rate, weight = fit.arrays
    with np.errstate(all="raise", under="ignore"):
        found = fit.quantiles(units, (LOW, HIGH))
    for (o, n), ends in zip(units, found, strict=True):
        reached = [float((weight * gammainc(shape + o, (rate + n) * end)).sum()) for end in ends]
        assert reached == pytest.approx([0.025, 0.975], rel=1e-9)


def test_nothing_found_anywhere_is_still_no_zero() -> None:
    fit = Posterior([(0, 30), (0, 40)])
    [[low, high]] = fit.quantiles([(0, 30)], (LOW, HIGH))
    assert 0 < low < fit.mean(0, 30) < high < 0.2
    assert moments((0, 0), (30, 40)).a == 0
    assert rankability(moments((0, 0), (30, 40)), (30, 40)) == 0
    assert over_dispersion((0, 0), (0.0, 0.0)) == (0, 0)
    assert z_over_dispersed(0, 0.0, 0.0) == 0


def test_alike_shares_are_not_told_apart() -> None:
    even = shares((5, 10), (10, 20))
    assert even == Shares(Fraction(1, 2), None)
    assert even.estimate(0, 3) == Fraction(1, 2)
    apart = shares((0, 10, 20), (20, 20, 20))
    assert apart.weight is not None
    assert 0 < apart.estimate(0, 20) < Fraction(1, 2) < apart.estimate(20, 20) < 1


def test_a_graver_finding_weighs_more() -> None:
    observed = {"1": (4, 0, 3), "3": (0, 4, 0)}
    light, grave, _ = weighted_rates({"1": 1, "3": 10}, observed, (100, 100, 100))
    assert grave.rate > 2 * light.rate
    assert light.low < light.rate < light.high


def test_a_change_and_an_improvement() -> None:
    assert change((0, 100), (0, 100)) == 1
    assert change((2, 100), (12, 100)) == pytest.approx(scipy.stats.binomtest(2, 14, 0.5).pvalue)
    fit = Posterior(UNITS)
    better, worse = improved(fit, (1, 200), (9, 200)), improved(fit, (9, 200), (1, 200))
    assert better > 0.95
    assert better + worse == pytest.approx(1)


def test_moving_mean_and_sum_see_a_lasting_rise() -> None:
    assert [out for _, out in ewma([0.5, -0.5, 0.2, 0.1])] == [False] * 4
    assert [out for _, out in ewma([2.0] * 6)][-1]
    assert next(ewma([3.0]))[0] == pytest.approx(0.6)
    calm, risen = list(cusum([(2, 100)] * 8, 0.02, 0.04)), list(cusum([(5, 100)] * 8, 0.02, 0.04))
    assert max(calm) == 0
    assert risen[-1] == pytest.approx(8 * (5 - 2 / math.log(2)))


def test_a_service_does_not_load_what_only_a_fit_needs() -> None:
    names = ("scipy", "numpy", "mpmath")
    code = f"import json, sys, services.reports.app; print(json.dumps([n for n in {names} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == []
