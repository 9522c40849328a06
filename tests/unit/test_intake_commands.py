"""Paths, and when two contents are the same."""

import hashlib
import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from services.intake.nouns import NOUNS
from services.intake.writing.commands import read_command
from services.kernel.strict_json import parse

ID = "01990f3c-8000-7000-8000-000000000001"
OTHER = "01990f3c-8000-7000-8000-000000000002"
FINDINGS = next(noun for noun in NOUNS if noun.name == "findings")
BODY = {"inspection": OTHER, "code": "A03", "count": 3, "captured_at": "2026-09-01T07:45:12+07:00"}


def content(body, key=ID, noun=FINDINGS, parent=""):
    return read_command(noun, parent, key, parse(json.dumps(body).encode()), b"").content


def test_paths_name_nouns():
    assert NOUNS.find(f"/intake/v1/findings/{ID}")[0].name == "findings"
    noun, parent, key = NOUNS.find(f"/intake/v1/inspections/{OTHER}/closing/{ID}")
    assert (noun.name, parent, key) == ("inspections/closing", OTHER, ID)
    for path in (
        "",
        "/",
        "/intake/v1/",
        f"/findings/{ID}",
        f"/intake/v1/nonsense/{ID}",
        f"/intake/v1/findings/{ID}/",
        f"/intake/v1/findings/{ID}?x=1/y",
        f"/intake/v1/findings/{OTHER}/photos/1",
    ):
        assert NOUNS.find(path) is None or NOUNS.find(path)[2] != ID


def test_what_earlier_programs_kept_of_a_content_is_what_it_is_known_by():
    changes, name = next(noun for noun in NOUNS if noun.name == "unit-changes"), 'UBND xã “Tân” "Hòa" & A/B'
    change = {
        "change": "register", "unit": "xa-tan-hoa", "name": name, "group": "xa", "parent": None, "staff": 34,
        "valid_from": "2025-07-01",
    }  # fmt: skip
    for noun, body in ((FINDINGS, BODY | {"elapsed_ms": 10**10}), (changes, change)):
        said = json.dumps(
            {"path": [noun.name, "", ID], "body": body}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        assert content(body, noun=noun) == hashlib.sha256(said.encode()).digest()


def test_private_parts_and_the_device_are_outside_the_content():
    device = {"id": OTHER, "n": 1, "prev": None, "sig": "x"}
    assert content(BODY) == content(BODY | {"private": {"narrative": "x"}, "device": device}) != b""


def test_every_public_difference_is_one():
    for other in (
        {"count": 4},
        {"code": "A02"},
        {"photos": []},
        {"captured_at": "2026-09-01T00:45:12Z"},
        {"inspection": ID},
    ):
        assert content(BODY | other) != content(BODY)
    assert content(BODY, OTHER) != content(BODY)


def test_a_photos_hash_is_no_part_of_the_content_that_outlives_it():
    def with_photos(*shas, size=1000):
        return {"photos": [{"sha256": sha * 64, "bytes": size, "type": "image/jpeg"} for sha in shas]}

    assert content(BODY | with_photos("a")) == content(BODY | with_photos("b")) != content(BODY)
    assert content(BODY | with_photos("a")) != content(BODY | with_photos("a", "b"))
    assert content(BODY | with_photos("a")) != content(BODY | with_photos("a", size=999))


def test_what_has_no_form_equals_nothing():
    assert content(BODY | {"count": 0}) == content([]) == content(BODY, "x") == b""


@given(st.text(min_size=1, max_size=30))
def test_text_is_compared_in_nfc(text):
    noun = next(noun for noun in NOUNS if noun.name == "unit-changes")
    body = {
        "change": "register",
        "unit": "xa-a",
        "name": "Đơn vị",
        "group": "xa",
        "parent": None,
        "staff": 1,
        "valid_from": "2026-01-01",
    }
    composed = content(body | {"name": unicodedata.normalize("NFC", "ấ" + text)}, noun=noun)
    assert content(body | {"name": unicodedata.normalize("NFD", "ấ" + text)}, noun=noun) == composed
