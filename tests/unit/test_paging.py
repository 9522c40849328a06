"""Pages of a list, and the marks between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.problems import Invalid
from services.kernel.web.paging import page, read_cursor, write_cursor


@given(st.text(max_size=60))
def test_a_cursor_says_its_place_also_with_the_padding_of_earlier_ones(place):
    cursor = write_cursor(place)
    assert read_cursor(cursor) == read_cursor(cursor + "==") == place
    assert cursor.isascii() and not set(cursor) & set("=+/&?")


@pytest.mark.parametrize("cursor", ["x", "ô", "gICA", "a b", "AA\n"])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(Invalid) as refused:
        read_cursor(cursor)
    assert [error.pointer for error in refused.value.errors] == ["/cursor"]


@given(st.integers(0, 9), st.integers(1, 9))
def test_pages_hold_all_of_a_list_in_order(length, limit):
    listed, seen, cursor = [{"id": str(n)} for n in range(length)], [], None
    while True:
        place = read_cursor(cursor)
        rest = [item for item in listed if place is None or item["id"] > place]
        shown = page(rest[: limit + 1], limit, lambda item: item["id"])
        seen += shown["items"]
        cursor = shown["next"]
        if cursor is None:
            break
        assert len(shown["items"]) == limit
    assert seen == listed
