#!/usr/bin/env bash
# typst 0.15.2 (the Python wheel; the compiler names itself 0.15.1), read by pypdf 7.1.1, seen 2026-12-01.
#
# A negative figure on a paper is written with another sign, U+2212, as typographers want it: also when it is code's, not only in formulas, and also by
# `str()`, of which one expects what a program can read. A percentage and what comes as text keep the hyphen, so that one column has both:
# - who searches the paper for -5, or copies the column into a spreadsheet, finds and adds up only some; Python's float() refuses the others;
# - a comparison with a key of the data (`str(n) == "-5"`) is false, for negative numbers only, and `str(-5).len()` is 4.
# `int()` and `float()` of typst itself take both signs, and `repr` and JSON write the hyphen.
#
# Seen: as asserted below. Hand figures over as text, written as they shall stand.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q typst==0.15.2 pypdf==7.1.1
"$place/venv/bin/python" - <<'PY'
import io
import json

import typst
from pypdf import PdfReader

HYPHEN, MINUS = "-", "\u2212"
ROWS = {
    "#(-5)": MINUS, "-5": MINUS, "#str(-5)": MINUS, "#sys.inputs.data.len() #json(bytes(sys.inputs.data)).change": MINUS,
    "#decimal(\"-5\")": MINUS, "#(-5%)": HYPHEN, "#\"-5\"": HYPHEN, "#repr(-5)": HYPHEN, "#csv(bytes(\"a,-5\")).at(0).at(1)": HYPHEN,
}


def read(source):
    inputs = {"data": json.dumps({"change": -5})}
    raw = typst.compile(source.encode(), format="pdf", sys_inputs=inputs, ignore_system_fonts=True)
    return PdfReader(io.BytesIO(raw)).pages[0].extract_text().strip()


for source, sign in ROWS.items():
    text = read(source)
    print(source, ascii(text))
    assert sign in text and {HYPHEN, MINUS} & set(text) == {sign}, (source, text)
said = read('#str(-5).len() #(str(-5) == "-5") #(int("-5") == int(str(-5)))')
print(said)
assert said == "4 false true", said
try:
    float(read("#(-5)"))
except ValueError as error:
    print(ascii(error.args[0]))
else:
    raise SystemExit("Python reads it")
PY
