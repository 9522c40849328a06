#!/usr/bin/env bash
# zxing-cpp 3.1.1 with segno 1.6.6 and Pillow 13.0.0, seen 2026-11-30.
#
# The reader looks for every kind of code at once unless it is told otherwise, and kinds with no checksum are easily found: in a
# clean picture of one QR code, straight from the library that drew it, it also "sees" an ITF bar code with a text of its own. Of 2,500
# codes that differ only in the 32 random bytes they carry one was read so: a program that takes "the" code works for
# thousands of papers and fails at one, or takes the wrong text. Name the kind that is expected.
#
# Seen: read_barcodes gives QR Code and ITF "0418" for the picture below, and the QR Code alone with formats=QRCode.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q zxing-cpp==3.1.1 segno==1.6.6 pillow==13.0.0
"$place/venv/bin/python" - <<'PY'
import io

import segno
import zxingcpp
from PIL import Image

ROOT = "j5dwiZoW1U3FTY7N4RoeJeN8hm9skE-TpwKDYEaV4pQ="
TEXT = f"http://127.0.0.1:8000/reports/check?quarter=2026-Q3&edition=official&size=193159&root={ROOT}"
drawn = io.BytesIO()
segno.make(TEXT, error="m", micro=False).save(drawn, kind="png", scale=4, border=2)
picture = Image.open(drawn)
seen = [(str(code.format), code.text) for code in zxingcpp.read_barcodes(picture)]
print(seen)
assert seen == [("QR Code", TEXT), ("ITF", "0418")], seen
named = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
assert [code.text for code in named] == [TEXT]
PY
