#!/usr/bin/env bash
# mpmath 1.4.1, with SciPy 1.17.1 beside it, seen 2026-11-30.
#
# The lower regularised incomplete gamma function P(a, x), the distribution function of a Gamma and the tail of a Poisson, is
# what one takes mpmath for where floats may not decide. Far to the right of the mean, where P is 1 to thousands of digits, it
# does not answer 1: it raises NoConvergence and says "Try increasing maxterms", a keyword that gammainc does not accept. The upper tail Q(a, x) at the same place is computed, in less time, so that 1 - Q is the way.
#
# Seen: P(20000, 40000) raises at 15 and at 50 digits (at 200 it answers); gammainc(..., maxterms=...) is a TypeError; Q = 1.4475e-2668;
# SciPy's gammainc says 1.0. At a = 10000 both functions answer.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q mpmath==1.4.1 scipy==1.17.1
"$place/venv/bin/python" - <<'PY'
import mpmath
from scipy.special import gammainc

A, X = 20000, 40000
for digits in (15, 50):
    with mpmath.workdps(digits):
        try:
            mpmath.gammainc(A, 0, X, regularized=True)
        except mpmath.libmp.NoConvergence as error:
            assert "maxterms" in str(error), error
            print(digits, "digits:", error)
        else:
            raise SystemExit(f"it answers at {digits} digits")
try:
    mpmath.gammainc(A, 0, X, regularized=True, maxterms=10**6)
except TypeError as error:
    print("TypeError:", error)
else:
    raise SystemExit("maxterms is accepted")
with mpmath.workdps(50):
    upper = mpmath.gammainc(A, X, mpmath.inf, regularized=True)
    assert mpmath.nstr(upper, 5) == "1.4475e-2668", upper
    assert 1 - mpmath.gammainc(A // 2, 0, X // 2, regularized=True) < mpmath.mpf(10) ** -49
assert gammainc(A, X) == 1.0
PY
