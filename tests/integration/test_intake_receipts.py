"""Receipts survive whatever is on the streams: what is no event is logged and passed over."""

import asyncio

import uuid_utils

from services.kernel.streams import open_stream
from services.kernel.streams.port import Record
from tests.support.house import open_house
from tests.support.intake import register
from tests.support.tokens import token_for


async def test_garbage_on_the_stream_ends_no_loop_and_the_outbox_empties(settings):
    async with open_house(settings) as house, house.client(await token_for(house.settings, "admin")) as client:
        stream = open_stream(house.settings, "intake")
        await stream.start()
        try:
            await stream.publish(house.settings.topic("discipline.events"), [Record("xa-a", b"garbage", {})])
        finally:
            await stream.stop()
        for unit in ("xa-mot", "xa-hai"):
            answer = await client.put(f"/intake/v1/unit-changes/{uuid_utils.uuid7()}", json=register(unit))
            assert answer.status_code == 201, answer.text
        pool = house.apps["intake"].state.service.pool
        async with asyncio.timeout(60):
            while await pool.fetchval("SELECT count(*) FROM intake.outbox"):
                await asyncio.sleep(0.05)
        for service in ("intake", "audit", "reports"):
            ready = await client.get(f"/{service}/readyz")
            assert ready.status_code == 200, ready.text
