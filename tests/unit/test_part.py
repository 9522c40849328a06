"""The parts of a rebuild: an entry's type and unit are read at the end of its bytes, and whole only once."""

from __future__ import annotations

import json
import marshal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.envelope import canonical
from services.reports.facts.facts import Unfoldable
from services.reports.fold.part import Common, made, part_of, told_at_the_end
from tests.support.reports_log import MadeLog

UNIT = "xa-tan-hoa"
WORDS = st.text() | st.just('","unit":"xa-khac","unitseq":1}') | st.just('"type":"kycuong.unit.closed.v1"')


@given(WORDS, WORDS)
def test_the_type_and_the_unit_are_read_whatever_stands_before_them(name: str, word: str) -> None:
    event = {"type": "kycuong.finding.recorded.v1", "unit": UNIT, "unitseq": 7, "data": {"unit": word, "z": [name]}}
    try:
        raw = canonical({**event, "subject": word, "data": {name: word, **event["data"]}})  # type: ignore[dict-item]
    except ValueError:
        return  # no event holds it
    assert told_at_the_end(raw) == (event["type"], UNIT)


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b'{"a":1', b',"unit":"', b'{"type":"x","unit":"\xff"}'])
def test_what_is_no_event_is_sorted_too_and_stops_its_part(raw: bytes) -> None:
    _, unit = told_at_the_end(raw)
    with pytest.raises(Unfoldable, match="entry 7 "):
        made(Common([], {}, []), part_of(unit), [marshal.dumps([(7, raw)])])


def test_an_event_in_another_form_is_found_out_by_who_reads_it() -> None:
    log = MadeLog(checked=False)
    log.open(UNIT)
    event = json.loads(log.entries[-1])
    raw = json.dumps(
        {"unit": event.pop("unit"), **event, "subject": ',"unit":"xa-khac'}, separators=(",", ":")
    ).encode()
    elsewhere = next(one for one in map("xa-{}".format, range(99)) if part_of(one) != part_of(UNIT))
    for number in (part_of(elsewhere), (part_of(UNIT) + 1) % 32):
        with pytest.raises(Unfoldable, match="not in RFC 8785 form"):
            made(Common([], {}, []), number, [marshal.dumps([(7, raw)])])
