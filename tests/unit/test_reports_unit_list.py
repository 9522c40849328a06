"""The quarter's list in pieces: search without accents, inspected units first, pages."""

from typing import Any

import pytest

from services.domain.folding import plain
from services.reports.pages.unit_list import ALL, PAGE, Pages, matching


def row(name: str, inspections: int = 1) -> dict[str, Any]:
    return {"unit": plain(name).replace(" ", "-"), "unit_name": name, "exposure": {"inspections": inspections}}


NAMES = ["Trường TH và THCS Tân Hòa", "UBND phường Đào Tân", "UBND xã Hòa Tân", "UBND xã Tân Hòa", "UBND xã Thạch Hóa"]
ROWS = [row(name) for name in NAMES]


def test_a_search_finds_names_whose_words_begin_so_the_exact_ones_first() -> None:
    found = [one["unit_name"] for one in matching(ROWS, "tan hoa")]
    assert found == ["Trường TH và THCS Tân Hòa", "UBND xã Tân Hòa", "UBND xã Hòa Tân"]
    assert [one["unit_name"] for one in matching(ROWS, "truong tan")] == ["Trường TH và THCS Tân Hòa"]
    assert [one["unit_name"] for one in matching(ROWS, "ĐÀO")] == ["UBND phường Đào Tân"]
    assert matching(ROWS, "an") == []


@pytest.mark.parametrize("typed", ["m’drak", "M'Đrắk", "mdrak", "cu mgar", "Cư M’gar", "đức minh", "duc minh"])
def test_apostrophes_and_look_alikes_are_found_however_typed(typed: str) -> None:
    rows = [row("UBND xã M'Đrắk"), row("UBND xã Cư M’gar"), row("UBND xã Ðức Minh")]  # the last with U+00D0
    assert len(matching(rows, typed)) == 1


@pytest.mark.parametrize(
    ("page", "pages", "marks"),
    [
        (1, 8, [1, 2, None, 8]), (2, 8, [1, 2, 3, None, 8]), (4, 8, [1, 2, 3, 4, 5, None, 8]),
        (5, 9, [1, None, 4, 5, 6, None, 9]), (8, 8, [1, None, 7, 8]), (1, 1, [1]), (3, 3, [1, 2, 3]),
        (1, 4, [1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_left_out_pages_show_as_a_gap(page: int, pages: int, marks: list[int | None]) -> None:
    assert Pages([], 1, 0, page, pages, False, []).marks() == marks


def test_a_search_without_letters_is_no_search() -> None:
    assert matching(ROWS, " – ") == ROWS


def test_inspected_units_come_in_pages_and_the_others_apart() -> None:
    rows = [row(f"Đơn vị {place}", inspections=place % 5) for place in range(200)]
    pages = [Pages.of(rows, str(number)) for number in range(1, 5)]
    assert [len(one.shown) for one in pages] == [PAGE, PAGE, PAGE, 10]
    assert [one.first for one in pages] == [1, 51, 101, 151]
    shown = [one for page in pages for one in page.shown]
    assert shown == [one for one in rows if one["exposure"]["inspections"]]
    assert all(one.inspected == 160 and one.pages == 4 and len(one.waiting) == 40 for one in pages)
    everything = Pages.of(rows, ALL)
    assert (len(everything.shown), everything.everything, everything.pages) == (160, True, 4)


@pytest.mark.parametrize(
    ("asked", "given"), [("0", 1), ("-1", 1), ("x", 1), ("", 1), ("²", 1), ("9" * 40, 1), ("99", 2)]
)
def test_a_page_that_is_not_there_is_the_nearest(asked: str, given: int) -> None:
    assert Pages.of([row(str(place)) for place in range(60)], asked).page == given


def test_nothing_to_show_is_one_empty_page() -> None:
    empty = Pages.of([], "1")
    assert (list(empty.shown), empty.pages, empty.inspected) == ([], 1, 0)
