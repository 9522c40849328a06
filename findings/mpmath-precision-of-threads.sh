#!/usr/bin/env bash
# mpmath 1.4.1 beside Python's decimal, seen 2026-11-30.
#
# `with workdps(50):` looks like `with localcontext(prec=50):` of decimal, and is none: there is one precision for all threads. Each block
# puts back what it found, so two that overlap (a pool of threads; `asyncio.to_thread`; a generator that is left half way) put back
# each other's:
# - a computation that stands within its own block goes on with the 15 digits that another one's end has put back;
# - the last to leave restores what it met, which was another one's: from then on the whole process computes with 50 digits,
#   slower, and with other last figures, so that what is computed again and compared is another number.
# Nothing is raised, and a suite that computes one thing after another never shows it.
#
# Seen: as asserted below. Give each computation an `MPContext()` of its own, whose `dps` is its own, or one process.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q mpmath==1.4.1
cd "$place"
"$place/venv/bin/python" - <<'PY'
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, getcontext, localcontext
from threading import Event

import mpmath

THIRD = "0." + "3" * 30


def overlapping(block, third):
    """What the second of two blocks computes that overlap, the first with 50 digits and the second with 30."""
    first_in, second_in, first_out = Event(), Event(), Event()

    def first():
        with block(50):
            first_in.set()
            second_in.wait(60)
        first_out.set()

    def second():
        first_in.wait(60)
        with block(30):
            before = third()
            second_in.set()
            first_out.wait(60)
            return before, third()

    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(first)
        found = threads.submit(second).result()
        running.result()
    return found


def by(context):
    return lambda: mpmath.nstr(context.mpf(1) / 3, 30)


seen = overlapping(mpmath.workdps, by(mpmath.mp))
print("mpmath, within one block of 30 digits:", *seen, "| digits afterwards:", mpmath.mp.dps)
assert seen == (THIRD, "0.333333333333333314829616256247") and mpmath.mp.dps == 50
seen = overlapping(lambda digits: localcontext(prec=digits), lambda: str(Decimal(1) / 3))
print("decimal:", *seen, "| digits afterwards:", getcontext().prec)
assert seen == (THIRD, THIRD) and getcontext().prec == 28
own = mpmath.MPContext()
own.dps = 30
with mpmath.workdps(15):
    assert by(own)() == THIRD
PY
