#!/usr/bin/env bash
# scipy 1.17.1 with numpy 2.4.6, seen 2026-12-01.
#
# An upper limit for a count is the smallest count that is passed with probability q at most, and `isf(q)` is there for it, as for the
# continuous distributions, where it is exact far out. Of scipy's discrete ones it is `ppf(1 - q)`, at least for poisson, binom and hypergeom:
# - `isf(sf(k))` is k or k + 1, as the rounding of 1 - q falls. `ppf(cdf(k))` is always k, so a test of the lower limit shows nothing;
# - below 1.1e-16, half the step at one, the limit of a Poisson count is nan, and of a binomial one all trials. `sf` itself is right there. Such
#   a q is nothing odd: a p-value of another unit, or a level divided among many.
# nbinom, which is called the same way, has a tail of its own and is right.
#
# Seen: as asserted below. Count on from `isf(q) - 2` while `sf` is above q, or take the quantile of the Gamma or Beta distribution.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q scipy==1.17.1 numpy==2.4.6
cd "$place"
"$place/venv/bin/python" - <<'PY'
import warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore", RuntimeWarning)
COUNTS = np.arange(1200)


def further(mean):
    """Of how many counts with 1e-12 < sf < 1 - 1e-12 the upper and the lower quantile are which count beyond their own."""
    tail = stats.poisson.sf(COUNTS, mean)
    usual = (tail > 1e-12) & (tail < 1 - 1e-12)
    upper = stats.poisson.isf(tail[usual], mean) - COUNTS[usual]
    lower = stats.poisson.ppf(stats.poisson.cdf(COUNTS[usual], mean), mean) - COUNTS[usual]
    return int(usual.sum()), sorted(set(upper.tolist())), int((upper == 1).sum()), int((lower != 0).sum())


for mean in (50, 400):
    count, steps, beyond, low = further(mean)
    print(f"mean {mean}: of {count} counts, {beyond} upper quantiles are one further, {low} lower ones")
    assert steps == [0, 1] and beyond > count // 10 and low == 0
far = {
    "poisson": stats.poisson(50), "binom": stats.binom(500, 0.02), "hypergeom": stats.hypergeom(1000, 30, 100),
    "nbinom": stats.nbinom(5, 0.3),
}
seen = {name: (float(one.isf(1e-17)), int(COUNTS[np.argmax(one.sf(COUNTS) <= 1e-17)])) for name, one in far.items()}
print("at 1e-17, said and by sf:", seen)
assert np.isnan(seen["poisson"][0]) and seen["poisson"][1] == 121
assert seen["binom"] == (500.0, 46) and seen["hypergeom"] == (30.0, 22) and seen["nbinom"][0] == seen["nbinom"][1]
PY
