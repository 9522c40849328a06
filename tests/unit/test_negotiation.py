"""What a reader holds already, and how it asked for it to be packed."""

import pytest

from services.kernel.web.negotiation import coding, unchanged


@pytest.mark.parametrize("asked", ["gzip", "GZIP", "x-gzip", "br, gzip;q=0.3", "*", "gzip, identity", "br, *"])
def test_gzip_for_those_who_ask(asked: str) -> None:
    assert coding(asked, ("gzip",)) == "gzip"


@pytest.mark.parametrize("asked", ["", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzip;q=0.2, identity", "gzip;q=2"])
def test_no_gzip_for_those_who_do_not(asked: str) -> None:
    assert coding(asked, ("gzip",)) is None


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("gzip, deflate, br", "br"), ("gzip, br;q=0.5", "gzip"), ("*", "br"), ("br;q=0, *", "gzip"), ("zstd", None)],
)
def test_the_best_liked_of_several(asked: str, chosen: str | None) -> None:
    assert coding(asked, ("br", "gzip")) == chosen


@pytest.mark.parametrize(
    ("held", "same"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ("", False),
        ('"b"', False),
        ("a", False),
        ('"a.gz"', True),
    ],
)
def test_what_a_reader_holds(held: str, same: bool) -> None:
    assert unchanged(held, '"a"') is same


def test_what_is_packed_for_its_own_sake_is_known_by_its_own_tag():
    assert unchanged('"a.gz"', '"a.gz"') and not unchanged('"a"', '"a.gz"')
