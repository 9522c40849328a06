#!/usr/bin/env bash
# numpy 2.4.6, pandas 2.3.3, holidays 0.109 (PyPI), date-fns 4.4.0 (npm, with Node), seen 2026-12-01.
#
# Five working days from Friday 4 September 2026 end on Friday the 11th, by all four. What comes in on the Saturday after, as from a phone it may, has its
# first working day on Monday, and also ends on the 11th by pandas, holidays and date-fns; by numpy's `busday_offset` it depends on `roll`, which
# must be named on such a day: "forward", as one would say it, goes to Monday first and counts from there, to the 14th, and so on each day
# off, Tết's too; "backward" it must be. A trial on weekdays shows no difference.
# How many are left they say otherwise again. From the Saturday to the 11th holidays counts 5, numpy 4 (without the last day), and date-fns 4 too, though
# from the Friday to the 11th date-fns counts 5: its own `addBusinessDays` of 5 is by its own difference 4 on a day off, and right on all others. And no
# days from a Saturday are the Saturday to date-fns, and the Monday to pandas and holidays.
#
# Seen: as asserted below. Write one function that names the n-th working day after a day, and count by it.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" date-fns@4.4.0 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q numpy==2.4.6 pandas==2.3.3 holidays==0.109
cd "$place"
cat > days.mjs <<'JS'
import { addBusinessDays, differenceInBusinessDays, format, parseISO } from "date-fns";

const day = (text) => parseISO(`${text}T12:00`);
const end = day("2026-09-11");
console.log(JSON.stringify(process.argv.slice(2).map((text) => [
  format(addBusinessDays(day(text), 5), "yyyy-MM-dd"), format(addBusinessDays(day(text), 0), "yyyy-MM-dd"), differenceInBusinessDays(end, day(text)),
])));
JS
"$place/venv/bin/python" - <<'PY'
import json
import subprocess

import holidays
import numpy as np
import pandas as pd
from pandas.tseries.offsets import CustomBusinessDay

DAYS = FRIDAY, SATURDAY, SUNDAY = "2026-09-04", "2026-09-05", "2026-09-06"
END, LATER, MONDAY = "2026-09-11", "2026-09-14", "2026-09-07"
vn = holidays.VN(years=2026)
off = [np.datetime64(day) for day in vn]
javascript = json.loads(subprocess.run(["node", "days.mjs", *DAYS], check=True, stdout=subprocess.PIPE).stdout)
for day, (five, none, left) in zip(DAYS, javascript, strict=True):
    ends = {
        "numpy forward": str(np.busday_offset(day, 5, roll="forward", holidays=off)),
        "numpy backward": str(np.busday_offset(day, 5, roll="backward", holidays=off)),
        "pandas": str((pd.Timestamp(day) + 5 * CustomBusinessDay(holidays=list(vn))).date()),
        "holidays": str(vn.get_nth_working_day(day, 5)), "date-fns": five,
    }
    counts = {
        "numpy": int(np.busday_count(day, END, holidays=off)), "holidays": vn.get_working_days_count(day, END), "date-fns": left,
    }
    at_once = {
        "pandas": str((pd.Timestamp(day) + 0 * CustomBusinessDay(holidays=list(vn))).date()),
        "holidays": str(vn.get_nth_working_day(day, 0)), "date-fns": none,
    }
    print(day, ends, counts, at_once)
    assert ends == dict.fromkeys(ends, END) | {"numpy forward": END if day == FRIDAY else LATER}
    if day == FRIDAY:
        assert counts == {"numpy": 5, "holidays": 6, "date-fns": 5} and set(at_once.values()) == {FRIDAY}
    else:
        assert counts == {"numpy": 4, "holidays": 5, "date-fns": 4}
        assert at_once == {"pandas": MONDAY, "holidays": MONDAY, "date-fns": day}
try:
    np.busday_offset(SATURDAY, 5)
except ValueError as error:
    print(error)
else:
    raise SystemExit("numpy asks for no roll")
PY
