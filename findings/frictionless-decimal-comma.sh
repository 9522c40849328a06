#!/usr/bin/env bash
# frictionless 5.21.0, seen 2026-11-30.
#
# A table as Viet Nam writes numbers: `decimalChar` is the comma, `groupChar` the full stop. One cell was typed as the rest of the
# world does: 3.5. The validator that is there to find this says that the file is valid, and the number is 35: the group's sign is taken
# out wherever it stands, whether a group of three follows or not, also behind the decimal sign: "1,234.5" is 1.2345. Points of 97.5
# become 975, and a maximum of the schema finds that one only where it happens to be passed.
# So it is, the other way round, where the full stop is the decimal sign and the comma the group's, with 3,5.
# Of a whole number and of a number, Python's own writings are taken too: "1_000" is 1000 and "１２" is 12, without any of it declared.
#
# Seen: as asserted below. Publish numbers with a full stop and no groups; bound what is read by a `pattern` on a text column.
set -euo pipefail
place=$(mktemp -d); trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q frictionless==5.21.0
cd "$place"
"$place/venv/bin/python" - <<'PY'
import csv

from frictionless import Resource

VIETNAMESE, AMERICAN = {"decimalChar": ",", "groupChar": "."}, {"decimalChar": ".", "groupChar": ","}


def read(written, kind="number", **how):
    """What the reader makes of one cell, if the validator calls the file valid."""
    with open("points.csv", "w", newline="") as file:
        csv.writer(file).writerows([["unit", "points"], ["a", written]])
    field = {"name": "points", "type": kind, **how}
    table = {"name": "points", "path": "points.csv", "schema": {"fields": [{"name": "unit", "type": "string"}, field]}}
    if not Resource(table).validate().valid:
        return "refused"
    return str(Resource(table).read_rows()[0]["points"])


CASES = [
    ("1.234,5", VIETNAMESE, "1234.5"),
    ("3.5", VIETNAMESE, "35"),
    ("97.5", VIETNAMESE, "975"),
    ("1,234.5", VIETNAMESE, "1.2345"),
    ("3,5", AMERICAN, "35"),
    ("3,5", {}, "refused"),
    ("1_000", {}, "1000"),
    ("１２", {"kind": "integer"}, "12"),
]
for written, how, wanted in CASES:
    found = read(written, **how)
    print(written, how, "is", found)
    assert found == wanted, (written, found)
PY
