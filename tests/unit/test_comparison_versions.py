"""The same counts give the same bytes whatever Python, numpy, scipy and mpmath compute them.

Other interpreters are named in KYCUONG_OTHER_PYTHONS, with colons between; each needs scipy, mpmath and pydantic:
`python3.13 -m venv V && V/bin/pip install scipy==1.16.3 mpmath==1.3.0 pydantic`.
"""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from services.reports.scoring.comparison.rules import Comparison, Least
from services.reports.scoring.comparison.tally import Seen, Stratum, Tally, span
from services.reports.text import dump

ROOT = Path(__file__).parents[2]
OTHERS = [one for one in os.environ.get("KYCUONG_OTHER_PYTHONS", "").split(":") if one]
QUARTER = "2026-Q4"
RULES = Comparison({"1": 1, "2": 3, "3": 10}, {"xa": "commune", "phuong": "commune"}, Least(30, 2, 2))
BYTES = "cf4c206bbb8f992e96fb29af8993df46f7364f516cee1d4a007181e0b8c76e40"
"""SHA-256 of what is said of `province`; another one is another method, and old cards would no longer come out."""


def province() -> dict[str, Seen]:
    """150 units of four groups over five quarters, by arithmetic alone: some thin, some apart, some never visited."""
    units = {}
    for at in range(150):
        group = ("xa", "phuong", "so", "truong")[(at % 17 > 2) + (at % 17 > 3) + (at % 17 > 13)]
        rate = (at * 37 % 5 + 20) * (6 if at % 29 == 7 or (group == "truong" and at % 2) else 1)
        quarters = {}
        for place, quarter in enumerate(span(QUARTER)):
            persons = (at * 53 + place * 29) % 181
            kinds = [Stratum(at % 3 + 1, part, part * rate * (place + 3) // 1000) for part in (persons, persons // 3)]
            quarters[quarter] = Tally(*kinds, at % 4)
        units[f"u{at:03d}"] = Seen(group, quarters if at % 19 else {})
    return units


def asked() -> bytes:
    rows = {unit: [seen.group, seen.quarters] for unit, seen in province().items()}
    return dump({"rules": RULES.json(), "quarter": QUARTER, "units": rows}).encode()


def told_by(python: str) -> bytes:
    command = [python, "-m", "services.reports.editions.fitting"]
    return subprocess.run(command, input=asked(), capture_output=True, check=True, cwd=ROOT).stdout


def test_what_is_said_of_the_province_stays() -> None:
    told = told_by(sys.executable)
    assert told.count(b'"standing":"alarm"') > 2 and told.count(b'"rank":{') > 5 and told.count(b"insufficient") > 5
    assert sha256(told).hexdigest() == BYTES


@pytest.mark.skipif(
    not OTHERS, reason="KYCUONG_OTHER_PYTHONS names no other Python: only this one's bytes were checked"
)
@pytest.mark.parametrize("python", OTHERS)
def test_other_versions_say_the_same(python: str) -> None:
    assert told_by(python) == told_by(sys.executable)
