import json
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.envelope import (
    NAMESPACE,
    BadEnvelope,
    EventTooLarge,
    canonical,
    derived_id,
    event_bytes,
    genesis_id,
    read_envelope,
)  # fmt: skip

TIME = datetime(2026, 9, 1, 0, 47, 2, 113_999, tzinfo=UTC)
ID = "0199f3c0-0000-7000-8000-000000000001"
text = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=30,
)


def event(**data):
    return event_bytes(
        id=ID, type="kycuong.finding.recorded.v1", source="//kycuong.local/abc/intake", subject=f"finding/{ID}",
        time=TIME, unit="xa-tan-hoa", unitseq=41, data=data,
    )  # fmt: skip


@given(values)
def test_canonical_bytes_are_those_of_the_rfc_8785_library(value):
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.5, [1e21], {"a": {"b": 0.1}}, 2**53, {"\U0001f600": 1, "\uffff": 2}, "\ud800"])
def test_canonical_refuses_what_it_could_spell_differently(value):
    with pytest.raises(ValueError):
        canonical(value)


def test_an_event_reads_back_and_its_bytes_are_canonical():
    raw = event(count=3)
    envelope = read_envelope(raw)
    assert (envelope.id, envelope.unit, envelope.unitseq, envelope.data) == (ID, "xa-tan-hoa", 41, {"count": 3})
    assert envelope.time == "2026-09-01T00:47:02.113Z"
    assert rfc8785.dumps(json.loads(raw)) == raw


def test_an_event_over_16_kib_is_refused():
    with pytest.raises(EventTooLarge):
        event(text="x" * 16_384)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff", b"[]", b"{}", b"[" * 100_000, b"",
        event().replace(b'"unitseq":41', b'"unitseq":true'),
        event().replace(b'"unitseq":41', b'"unitseq":"41"'),
        event().replace(ID.encode(), ID.upper().replace("0199F", "0199F").encode() + b"x"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_event_are_refused(raw):
    with pytest.raises(BadEnvelope):
        read_envelope(raw)


def test_derived_ids_never_change():
    assert str(NAMESPACE) == "a0dc2616-622c-5942-9f04-0b42a3f27ff5"
    assert derived_id(ID, "kycuong.finding.lapsed.v1", 1) == "ea2f42ec-54fb-56c3-832d-565e162623ca"
    assert genesis_id("kycuong.catalogue.published.v1", "2026.1") == "53a30797-8b2e-5ad9-bfb2-f599640f5c30"
