"""Where a reader goes on: the rule both transports share."""

import pytest

from services.kernel.streams.port import Position, is_of, resume


@pytest.mark.parametrize(
    ("low", "end", "stored", "expected"),
    [
        (0, 9, None, Position("c", 0)),
        (4, 9, None, Position("c", 4)),
        (0, 9, Position("c", 5), Position("c", 5)),
        (0, 9, Position("c", 9), Position("c", 9)),
        (7, 9, Position("c", 5), Position("c", 7)),
        (0, 9, Position("c", 10), Position("c~1", 0)),
        (0, 9, Position("c~1", 5), Position("c~1", 5)),
        (0, 9, Position("c~1", 10), Position("c~2", 0)),
        (0, 9, Position("b", 5), Position("c", 0)),
        (0, 9, Position("b~3", 50), Position("c", 0)),
    ],
)
def test_resume(low: int, end: int, stored: Position | None, expected: Position) -> None:
    assert resume("c", low, end, stored) == expected


def test_a_lost_tail_is_still_of_the_same_topic() -> None:
    assert is_of("c~2", "c")
    assert not is_of("cc", "c")
