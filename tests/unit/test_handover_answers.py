"""A colleague's file is answered as it is taken in: what is known leaves while a photo is still being looked at."""

import asyncio
import json
from typing import Any

import pytest

from services.intake.handover import endpoints as handover
from services.intake.handover.endpoints import Item
from services.intake.writing.writes import Answer
from services.kernel.problems import BadJson

pytestmark = pytest.mark.asyncio


async def test_a_line_leaves_before_the_photo_after_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    looking = asyncio.Event()

    async def photo(*_: Any) -> Answer:
        await looking.wait()
        return Answer(201, b'{"id":"b"}')

    monkeypatch.setattr(handover, "_photo", photo)
    items = [Item(b"", "words", None), Item(b"", "photo", b"jpeg")]
    service: Any = None  # the photo is not really looked at
    lines = handover._lines(service, items, [Answer(201, b'{"id":"a"}'), BadJson()], b"", "vi")
    assert json.loads(await anext(lines)) == {"line": 1, "status": 201, "body": {"id": "a"}}
    looking.set()
    assert [json.loads(line)["body"] for line in [each async for each in lines]] == [{"id": "b"}]
