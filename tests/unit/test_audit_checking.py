"""The verifier: a good log passes, and whatever is changed in what is served is found, with its index."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.verifier.schemas import known_types, rules_of
from services.kernel.log.note import Checkpoint, Signer
from services.kernel.log.tiles import Tile, bundle_path, encode_bundle
from tests.support.events import event_id, finding
from tests.support.served import SIGNER, Served, entries

SCHEMAS = Path(__file__).parents[2] / "schemas/events"
SMALL = entries(600)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
def test_a_good_log_passes(size: int) -> None:
    verdict = Served(SMALL[:size]).verdict()
    assert (verdict.ok, verdict.size, verdict.checked, verdict.error) == (True, size, size, None)
    assert verdict.as_json()["first_bad_index"] is None


def test_a_log_with_second_level_tiles_passes() -> None:
    assert Served(entries(66_000, 500)).verdict().ok


@settings(max_examples=60)
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(data: st.DataObject) -> None:
    log = Served(SMALL)
    path = data.draw(st.sampled_from(sorted(log)))
    at = data.draw(st.integers(0, len(log[path]) - 1))
    body = bytearray(log[path])
    body[at] ^= 1 << data.draw(st.integers(0, 7))
    log[path] = bytes(body)
    verdict = log.verdict()
    assert not verdict.ok
    assert verdict.error
    if path.startswith("tile/0/"):
        n = int(path.split("/")[2].split(".")[0])
        assert verdict.first_bad_index == n * 256 + at // 32


@given(st.integers(0, 599))
def test_a_changed_entry_is_named(index: int) -> None:
    log = Served(SMALL)
    n, width = index // 256, 256 if index < 512 else 88
    changed = list(SMALL[n * 256 : n * 256 + width])
    changed[index % 256] = changed[index % 256].replace(b'"count":3', b'"count":9')
    log[bundle_path(n, width)] = encode_bundle(changed)
    assert log.verdict().first_bad_index == index


def test_an_entry_left_out_is_named() -> None:
    log = Served(SMALL)
    log[bundle_path(1)] = encode_bundle(SMALL[256:300] + SMALL[301:512])
    assert log.verdict().first_bad_index == 300
    log[bundle_path(1)] = encode_bundle(SMALL[256:511])
    assert log.verdict().first_bad_index == 511
    del log[bundle_path(1)]
    assert log.verdict().first_bad_index == 256


@pytest.mark.parametrize(("n", "width"), [(1, 256), (2, 88)])
@pytest.mark.parametrize(("kept", "bytes_more"), [(-1, 400), (-1, 2), (-1, 1), (40, 700), (0, 1)])
def test_a_bundle_that_is_cut_short_is_bad_where_it_ends(n: int, width: int, kept: int, bytes_more: int) -> None:
    log, kept = Served(SMALL), kept % width
    whole = len(encode_bundle(SMALL[n * 256 : n * 256 + kept]))
    log[bundle_path(n, width)] = log[bundle_path(n, width)][: whole + bytes_more]
    verdict = log.verdict()
    assert (verdict.ok, verdict.first_bad_index) == (False, n * 256 + kept)
    assert "cut short here" in (verdict.error or "")


@pytest.mark.parametrize(("n", "width"), [(1, 256), (2, 88)])
@pytest.mark.parametrize("more", [b"\0", b"\0\x05four", b"\0\x01x"])
def test_bytes_after_a_bundles_last_entry_are_bad(n: int, width: int, more: bytes) -> None:
    log = Served(SMALL)
    log[bundle_path(n, width)] += more
    assert log.verdict().first_bad_index == n * 256 + width


def test_of_a_bundle_that_is_cut_short_the_first_bad_entry_is_named() -> None:
    log = Served(SMALL)
    changed = log[bundle_path(1)].replace(b'"count":3', b'"count":9')[:-1]
    log[bundle_path(1)] = changed
    assert log.verdict().first_bad_index == 256
    log = Served(SMALL[:300] + SMALL[301:])
    log[bundle_path(2, 87)] = log[bundle_path(2, 87)][:-1]
    assert log.verdict().first_bad_index == 302  # the gap that the missing entry left in its unit comes before


def test_a_full_bundle_is_cut_to_a_partial_one_though_it_is_damaged() -> None:
    log, longer = Served(SMALL[:300]), Served(SMALL)
    del log[bundle_path(1, 44)]
    log[bundle_path(1)] = longer[bundle_path(1)][:-1]
    assert log.verdict().ok
    log[bundle_path(1)] = encode_bundle(SMALL[256:290]) + b"\0"
    assert log.verdict().first_bad_index == 290


def test_a_partial_tile_that_is_gone_is_cut_from_the_full_one() -> None:
    log, longer = Served(SMALL[:300]), Served(SMALL)
    for path in (bundle_path(1, 44), Tile(0, 1, 44).path):
        del log[path]
        log[path.split(".p/")[0]] = longer[path.split(".p/")[0]]
    assert log.verdict().ok


def test_a_gap_in_a_units_numbers_is_named() -> None:
    verdict = Served(SMALL[:10] + SMALL[11:]).verdict()
    assert verdict.first_bad_index == 12
    assert "goes from number 3 to 5" in (verdict.error or "")


def test_an_id_twice_is_named() -> None:
    again = finding(4, "xa-000", 201, origin=SIGNER.name)
    verdict = Served([*SMALL, again]).verdict()
    assert verdict.first_bad_index == 600
    assert event_id(4) in (verdict.error or "")


def test_an_entry_of_another_log_is_named() -> None:
    verdict = Served([*SMALL[:5], finding(900, "xa-009", 1, origin="example.org/other")]).verdict()
    assert verdict.first_bad_index == 5


def test_what_is_no_event_is_named() -> None:
    assert Served([*SMALL[:5], b"anything"]).verdict().first_bad_index == 5


def test_an_unknown_type_is_unknown_and_not_bad() -> None:
    raw = finding(900, "xa-009", 1, origin=SIGNER.name).replace(b"finding.recorded.v1", b"survey.recorded.v9")
    verdict = Served([*SMALL[:5], raw]).verdict()
    assert verdict.ok
    assert verdict.unknown_types == {"kycuong.survey.recorded.v9": 1}


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (b'"unitseq":1}', b'"unitseq":1,"zone":"x"}'),
        (b'"count":3', b'"count":3,"county":"x"'),
        (b'"count":3', b'"count":0'),
        (b'"count":3', b'"count":"3"'),
        (b'"severity":1', b'"severity":9'),
        (b'"catalogue":"2026.1",', b""),
        (b'"2026-09-01T07:45:12+07:00"', b'"2026-13-01T07:45:12+07:00"'),
        (b'"kycuong:finding.recorded.v1"', b'"kycuong:finding.decided.v1"'),
    ],
)
@pytest.mark.parametrize("kind", [b"kycuong.finding.recorded.v1", b"kycuong.survey.recorded.v9"])
def test_what_the_schema_does_not_allow_is_named(true: bytes, false: bytes, kind: bytes) -> None:
    raw = finding(900, "xa-009", 1, origin=SIGNER.name).replace(true, false)
    assert false in raw
    verdict = Served([*SMALL[:5], raw.replace(b"kycuong.finding.recorded.v1", kind)]).verdict()
    only_envelope = b"survey" in kind and b"zone" not in false
    assert (verdict.ok, verdict.first_bad_index) == ((True, None) if only_envelope else (False, 5))


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (b'"count":3', b'"count":3.0'),
        (b'"count":3', b'"count":3e0'),
        (b'"count":3', b'"count": 3'),
        (b'"count":3', b'"count":3,"count":3'),
        (b'"code":"A01"', b'"code":"\\u004101"'),
        (b'"flags":[],', b""),
        (b"{", b" {"),
        (b'"unitseq":1}', b'"unitseq":1}\n'),
    ],
)
@pytest.mark.parametrize("kind", [b"kycuong.finding.recorded.v1", b"kycuong.survey.recorded.v9"])
def test_another_spelling_of_the_same_event_is_named(true: bytes, false: bytes, kind: bytes) -> None:
    raw = finding(900, "xa-009", 1, origin=SIGNER.name).replace(true, false, 1)
    if true == b'"flags":[],':  # a key out of order
        raw = raw.replace(b'"data":{', b'"data":{"flags":[],')
    verdict = Served([*SMALL[:5], raw.replace(b"kycuong.finding.recorded.v1", kind)]).verdict()
    assert (verdict.ok, verdict.first_bad_index) == (False, 5)
    assert "canonical" in (verdict.error or "")


def test_numbers_stand_only_as_members_of_objects_in_every_schema() -> None:
    """The quick look for another spelling of a number relies on it."""

    def arrays(schema: object) -> Iterator[dict[str, object]]:
        if isinstance(schema, dict):
            if "items" in schema or "prefixItems" in schema:
                yield schema
            for part in schema.values():
                yield from arrays(part)

    for path in SCHEMAS.glob("*.schema.json"):
        for array in arrays(json.loads(path.read_text())):
            items = json.dumps(array["items"])
            assert '"type": "integer"' not in items.partition('"properties"')[0], path.name
            assert '"type": "number"' not in items, path.name


def test_a_checkpoint_signed_by_another_key_or_missing_is_bad() -> None:
    log = Served(SMALL)
    other = Signer(SIGNER.name, b"\1" * 32)
    log["checkpoint"] = other.sign(log["checkpoint"].decode().partition("\n\n")[0] + "\n").encode()
    assert not log.verdict().ok
    del log["checkpoint"]
    assert not log.verdict().ok


def test_a_root_that_no_entry_explains_has_no_index() -> None:
    log = Served(SMALL)
    log["checkpoint"] = SIGNER.sign(Checkpoint(SIGNER.name, 600, b"\7" * 32).text()).encode()
    verdict = log.verdict()
    assert (verdict.ok, verdict.first_bad_index) == (False, None)


def test_the_known_types_are_those_with_a_schema() -> None:
    described = {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")}
    assert {f"kycuong.{name}" for name in described - {"common.v1", "envelope.v1"}} == known_types()
    rules = rules_of("x")
    assert all(rules.validators[kind] is not rules.envelope for kind in known_types())
    assert rules.validators["kycuong.nobody.knows.v1"] is rules.envelope
