"""Answers that are made once as long as nothing happens: no event, no other units or calendar, no instant passed."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from services.domain.conflict import counting
from services.intake.reading.reach import Asking, Reading, Stands
from services.kernel.identity.callers import Caller
from services.kernel.quarters import local_date
from services.kernel.web.packing import WORTH, gzipped, takes_gzip

_ROOM = 16 << 20  # bytes, unpacked
_QUESTION = 2 << 10  # bytes that the question itself and its place take, however little there is to answer
_JSON = "application/json"
_PACKED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}


@dataclass(slots=True)
class Answer:
    """An answer, and from when to when it is what would be told."""

    body: bytes
    since: datetime
    until: datetime
    packed: bytes | None = None
    """As it travels, once it was asked for so."""

    def response(self, request: Request) -> Response:
        """The answer as its reader takes it."""
        if len(self.body) <= WORTH or not takes_gzip(request.scope):
            return Response(self.body, media_type=_JSON)
        if self.packed is None:
            self.packed = gzipped(self.body)
        return Response(self.packed, headers=_PACKED, media_type=_JSON)


@dataclass(slots=True)
class KeptAnswers:
    """Answers of one state of the database, by who asked for what; gone with any event, whichever process wrote it.

    An event is counted where it is stored, and where it comes back from the log (which draws second reviews), so a
    snapshot that counts as many sees the same cases. What changes without that is not kept (`Reading.unheard`); what
    time alone changes is part of who asks, or ends an answer (`Reading.by`).
    """

    _stands: Stands | None = None
    _answers: dict[Hashable, Answer] = field(default_factory=dict)
    _room: int = _ROOM

    def known(self, asks: Asking, asked: Hashable) -> Answer | None:
        """What was answered to the same question; None where it is to be asked of the database."""
        found = self._answers.get(_key(asks.caller, asks.now, asked)) if asks.stands == self._stands else None
        return found if found is not None and found.since <= asks.now <= found.until else None

    def keep(self, reader: Reading, asked: Hashable, body: bytes) -> Answer:
        """An answer, kept while there is room."""
        if reader.stands != self._stands:
            self._stands, self._answers, self._room = reader.stands, {}, _ROOM
        answer = Answer(body, reader.now, reader.until)
        if reader.now <= reader.until and len(body) + _QUESTION <= self._room:
            self._answers[_key(reader.caller, reader.now, asked)] = answer
            self._room -= len(body) + _QUESTION
        return answer


def _key(caller: Caller, now: datetime, asked: Hashable) -> Hashable:
    heads = tuple(post for post in caller.posts if post.valid_at(now))
    return asked, caller, caller.current(now), heads, counting(caller.posts, now), local_date(now)
