"""What a reader holds already, and whether it asked for gzip."""

import pytest

from services.kernel.negotiation import gzip_asked, unchanged


@pytest.mark.parametrize("asked", ["gzip", "GZIP", "x-gzip", "br, gzip;q=0.3", "*", "gzip, identity", "br, *"])
def test_gzip_for_those_who_ask(asked: str) -> None:
    assert gzip_asked(asked)


@pytest.mark.parametrize("asked", ["", "br", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzip;q=0.2, identity", "gzip;q=2"])
def test_no_gzip_for_those_who_do_not(asked: str) -> None:
    assert not gzip_asked(asked)


@pytest.mark.parametrize(
    ("held", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ("", False), ('"b"', False), ("a", False)],
)
def test_what_a_reader_holds(held: str, same: bool) -> None:
    assert unchanged(held, '"a"') is same
