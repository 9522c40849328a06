#!/usr/bin/env bash
# statsmodels 0.15.0 with scipy 1.17.1, seen 2026-11-30.
#
# The interval of a rate of which nothing was counted: most units, most quarters. The exact method answers from 0. The mid-p
# method, the one that is recommended for small counts because the exact one is too wide, answers with its upper limit twice: an
# interval without width that does not hold the rate it is an interval of, so that a unit without a single finding is said to
# have 1.2 for each unit of exposure at least. "sqrt" does the same elsewhere. No warning is given, and from a count of one on all is well.
#
# Seen (nothing in an exposure of 2.5): exact-c 0 to 1.476, midp-c 1.198 to 1.198, sqrt 0.384 to 0.384, score 0 to 1.537.
# In closed form the mid-p limits are 0 and -ln(2 * 0.025) / 2.5 = 1.198. Compared by the default test, two units without
# any finding get p = nan ("score"), 1.0 by "etest". Treat a count of nothing apart.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q statsmodels==0.15.0 scipy==1.17.1
cd "$place"
"$place/venv/bin/python" - <<'PY'
from math import isclose, isnan, log
from warnings import catch_warnings

from statsmodels.stats.rates import confint_poisson, test_poisson_2indep

EXPOSURE = 2.5


def interval(count, method):
    with catch_warnings(action="error"):
        return tuple(float(end) for end in confint_poisson(count, EXPOSURE, method=method))


for method in ("exact-c", "score", "midp-c", "sqrt"):
    print(method, "nothing: {:.4f} to {:.4f};".format(*interval(0, method)), "one: {:.4f} to {:.4f}".format(*interval(1, method)))
    low, high = interval(1, method)
    assert low < 1 / EXPOSURE < high
assert interval(0, "exact-c")[0] == interval(0, "score")[0] == 0
low, high = interval(0, "midp-c")
assert isclose(high, -log(2 * 0.025) / EXPOSURE, rel_tol=1e-6) and isclose(low, high, rel_tol=1e-6), (low, high)
low, high = interval(0, "sqrt")
assert 0.38 < low == high < 0.39, (low, high)
with catch_warnings(action="ignore"):
    by_score, by_etest = (float(test_poisson_2indep(0, EXPOSURE, 0, 3, **how).pvalue) for how in ({}, {"method": "etest"}))
print("two units without any: p =", by_score, "by default,", by_etest, "by etest")
assert isnan(by_score) and by_etest == 1
PY
