"""What the log takes for an event, and what it calls malformed."""

import json

import pytest

from services.audit.records import Malformed, read_event
from services.kernel.envelope import MAX_EVENT_BYTES
from services.kernel.log.merkle import leaf_hash
from tests.support.events import event_id, finding

ORIGIN = "kycuong.local/0123456789ab"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def event(**changes: object) -> bytes:
    """A good event with some attributes changed (None: left out), in canonical form."""
    content = json.loads(finding(7, "xa-tan-hoa", 41, origin=ORIGIN)) | changes
    kept = {name: value for name, value in content.items() if value is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_event_is_read_by_its_envelope() -> None:
    raw = finding(7, "xa-tan-hoa", 41, origin=ORIGIN, narrative='"}],"unit":"other", đường')
    read = read_event(raw, {"traceparent": TRACE, "tracestate": "a=1"})
    assert (read.id, read.unit, read.unitseq) == (event_id(7), "xa-tan-hoa", 41)
    assert (read.source, read.raw, read.leaf) == (f"//{ORIGIN}/intake", raw, leaf_hash(raw))
    assert (read.traceparent, read.tracestate) == (TRACE, "a=1")


def test_data_that_imitates_an_envelope_does_not_become_one() -> None:
    imitation = {"datacontenttype": "application/json", "id": event_id(1), "unit": "xa-khac", "unitseq": 1}
    raw = finding(7, "xa-tan-hoa", 41, origin=ORIGIN, zz=imitation)
    assert read_event(raw, {}).unit == "xa-tan-hoa"


def test_a_further_attribute_is_no_fault() -> None:
    read = read_event(event(zone="x"), {})
    assert read.unitseq == 41


def test_trace_context_that_is_none_is_left_out() -> None:
    read = read_event(event(), {"traceparent": "nonsense\0", "tracestate": "\n"})
    assert (read.traceparent, read.tracestate) == (None, None)


MALFORMED = {
    "empty": b"",
    "not json": b"\xff\xfe",
    "not an object": b"[]",
    "deep": b"[" * 100_000,
    "cut short": event()[:-1],
    "spaces": event().replace(b'":', b'": '),
    "other order": json.dumps(json.loads(event()), separators=(",", ":"), sort_keys=False).encode()[:-1] + b',"a":1}',
    "no id": event(id=None),
    "id of upper case": event(id=event_id(0xABC).upper()),
    "id is no uuid": event(id="1"),
    "unit of one letter": event(unit="x"),
    "unit with a zero byte": event(unit="xa\0b"),
    "no unit": event(unit=None),
    "unitseq zero": event(unitseq=0),
    "unitseq true": event(unitseq=True),
    "unitseq as text": event(unitseq="41"),
    "unitseq beyond": event(unitseq=2**53),
    "data is a list": event(data=[]),
    "no type": event(type=None),
    "type is a number": event(type=1),
    "lone surrogate": event(zone="x").replace(b'"zone":"x"', b'"zone":"\\ud800"'),
    "too large": event(data={"x": "y" * MAX_EVENT_BYTES}),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_event_is_malformed(case: str) -> None:
    with pytest.raises(Malformed):
        read_event(MALFORMED[case], {})


def test_what_can_be_read_of_a_malformed_record_is_kept() -> None:
    with pytest.raises(Malformed) as caught:
        read_event(event(data=[]), {})
    assert (caught.value.id, caught.value.unit, caught.value.unitseq) == (event_id(7), "xa-tan-hoa", 41)
    with pytest.raises(Malformed) as caught:
        read_event(event(id="x", unit="X", unitseq=-1), {})
    assert (caught.value.id, caught.value.unit, caught.value.unitseq) == ("", "", 0)
