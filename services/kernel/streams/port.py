"""The stream port: what the services need of a transport, and nothing that one transport happens to have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class StreamDown(Exception):
    """Luồng sự kiện tạm thời không dùng được; hãy gửi hoặc đọc lại sau ít giây.

    The stream cannot be used just now; send or read again in a few seconds.
    """


class StreamReset(Exception):
    """Luồng sự kiện đã được tạo lại; hãy gọi seek để đọc tiếp từ đầu.

    The stream was made anew; call seek to go on from the start of the new incarnation.
    """


class Record(NamedTuple):
    """One record: its key (the unit), its exact bytes, and headers that travel outside them."""

    key: str
    value: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a consumer goes on: the topic's incarnation and the next offset to read."""

    incarnation: str
    offset: int


class Delivered(NamedTuple):
    """A record as read, with its offset."""

    offset: int
    record: Record


class Reader(Protocol):
    """One consumer's way through one topic. It keeps no truth: the caller stores its own position."""

    async def seek(self, stored: Position | None) -> Position:
        """Go to `stored`, or to the start of the present incarnation when `stored` is none of its; returns where.

        The offset returned lies above the one asked for when older records were trimmed.
        """

    async def fetch(self, limit: int, wait: float) -> list[Delivered]:
        """At most `limit` next records in order, [] after `wait` seconds; raises StreamDown or StreamReset."""

    @property
    def lag(self) -> int:
        """How many records lay between the last fetch and the topic's end."""

    async def hint(self, position: Position) -> None:
        """Tell lag tools and trimming that everything below `position` was processed; best effort, cheap to call."""

    async def hinted(self) -> Position | None:
        """The last hint that arrived, or None: where to begin near, never truth; never raises."""

    async def close(self) -> None:
        """Release what the reader holds; never raises."""


class Stream(Protocol):
    """A transport of ordered topics, each of one partition."""

    async def start(self) -> None:
        """Make ready; returns at once also when the transport is down."""

    async def stop(self) -> None:
        """Release everything within 2 s; never raises."""

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Append in order and return once acknowledged; raises StreamDown, and then some of them may be stored."""

    async def reader(self, topic: str, consumer: str) -> Reader:
        """A reader of `topic` under the name `consumer`; call seek before fetch."""


def resume(identity: str, low: int, end: int, stored: Position | None) -> Position:
    """Where a reader goes on in a topic that holds offsets [low, end).

    Of another identity, or beyond the end (the transport lost its tail): a new incarnation from its start. Offsets are
    used again after such a loss, so the lost tail gets an incarnation of its own: `<identity>~<how often>`.
    """
    if stored is None:
        return Position(identity, low)
    known, _, losses = stored.incarnation.partition("~")
    if known != identity:
        return Position(identity, low)
    if stored.offset > end:
        return Position(f"{identity}~{int(losses or 0) + 1}", low)
    return Position(stored.incarnation, max(stored.offset, low))


def is_of(incarnation: str, identity: str) -> bool:
    """Whether an incarnation belongs to the topic of this identity."""
    return incarnation.partition("~")[0] == identity
