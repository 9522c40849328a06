"""What is kept from answer to answer is what would be made again, and no more than there is room for."""

import gzip

from services.kernel.web.packing import _huge
from services.reports.reading import kept as keeping
from services.reports.reading.kept import Kept, KeptFiles
from services.reports.reading.listing import Listing
from services.reports.scoring.cards import TreeHead


def a_list(units: int) -> Listing:
    rows = {f"u{number}": f'{{"unit":"u{number}"}}' for number in range(units)}
    return Listing(quarter="2026-Q3", edition="live", rules=None, head=TreeHead(units, ""), rows=rows)


async def test_a_list_is_made_once_for_all_that_it_is_made_of() -> None:
    kept, made = Kept(), []

    async def make() -> Listing:
        made.append(a_list(3))
        return made[-1]

    assert await kept.listing("a", make) is await kept.listing("a", make) is kept.known("a")
    assert await kept.listing("b", make) is not kept.known("a")
    assert len(made) == 2
    assert kept.known("c") is None


async def test_the_lists_asked_for_last_stay() -> None:
    kept, large = Kept(), keeping._KEPT_ROWS // 2

    async def make() -> Listing:
        return a_list(large)

    for key in "aba":
        await kept.listing(key, make)
    await kept.listing("c", make)
    assert [kept.known(key) is None for key in "abc"] == [False, True, False]


async def test_files_are_kept_by_their_tag_as_far_as_there_is_room() -> None:
    files, half = KeptFiles(), keeping._KEPT_BYTES // 2 + 1

    async def make() -> bytes:
        return bytes(half)

    first = await files.file("a", make)
    assert await files.file("a", make) is first
    await files.file("b", make)
    assert await files.file("a", make) is not first


async def test_a_huge_answer_is_packed_once_with_and_without_a_tag() -> None:
    body = b"".join(b"%d," % number for number in range(300_000))
    plain, tagged = await _huge(body, tagged=False), await _huge(body, tagged=True)
    assert gzip.decompress(plain) == gzip.decompress(tagged) == body
    assert plain != tagged
    assert await _huge(body, tagged=False) is plain


async def test_a_list_that_is_only_looked_up_is_asked_for_too() -> None:
    kept, large = Kept(), keeping._KEPT_ROWS // 2

    async def make() -> Listing:
        return a_list(large)

    for key in "ab":
        await kept.listing(key, make)
    assert kept.known("a") is not None
    await kept.listing("c", make)
    assert [kept.known(key) is None for key in "abc"] == [False, True, False]


async def test_lists_without_a_row_take_room_too() -> None:
    kept = Kept()

    async def make() -> Listing:
        return a_list(0)

    for key in range(keeping._KEPT_ROWS + 5):
        await kept.listing(key, make)
    assert [kept.known(key) is None for key in (4, 5)] == [True, False]
