#!/usr/bin/env bash
# holidays 0.109, seen 2026-11-30.
#
# Viet Nam exchanged two working days of 2026 for Saturdays: Friday 2 January for Saturday 10 January, and Monday 31 August
# for Saturday 22 August. The package has the second exchange and not the first: 2 January is no holiday and 10 January
# a day off. Of the Saturday that is worked, `is_weekend` and `is_working_day` are both true. Adding one's own calendar
# of the missing day (`VN + own`) gives an object for which the worked Saturday of August is a day off again, while
# `update` on the package's own object keeps it. 24 November (from 2026) is there.
#
# Seen: as asserted below. What computes deadlines cannot take its word alone.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q holidays==0.109
cd "$place"
"$place/venv/bin/python" - <<'PY'
from datetime import date

import holidays

vn = holidays.country_holidays("VN", years=2026)
assert date(2026, 8, 31) in vn and vn.is_working_day(date(2026, 8, 22)) and vn.is_weekend(date(2026, 8, 22))
assert date(2026, 1, 2) not in vn and not vn.is_working_day(date(2026, 1, 10))
assert date(2026, 11, 24) in vn
own = holidays.HolidayBase(years=2026)
own.append({date(2026, 1, 2): "exchanged"})
joined = vn + own
kept = holidays.country_holidays("VN", years=2026)
kept.update({date(2026, 1, 2): "exchanged"})
seen = (joined.is_working_day(date(2026, 8, 22)), kept.is_working_day(date(2026, 8, 22)))
print("22 August is worked: with +", seen[0], "with update", seen[1])
assert seen == (False, True)
PY
