"""Killed between taking, sending and recording: a receiver hears again under the same id, the inbox holds it once."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.kernel.quarters import rfc3339
from tests.support.authorities import AUTHORITIES
from tests.support.instance import Instance
from tests.support.sinks import hooks
from tests.support.traffic import fresh

UNIT = "xa-tan-hoa"
STEPS = {"reports.deliveries_taken": 1, "reports.delivery_sent": 2}  # and how often the receiver hears of it


def put(instance: Instance, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.put(
        f"{instance.url}/intake/v1/{path}",
        json=body,
        headers={"authorization": f"Bearer {token}"},
        timeout=40,
        trust_env=False,
        verify=AUTHORITIES,
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def inspected(instance: Instance, token: str) -> None:
    now, inspection = datetime.now(UTC), fresh()
    opened, closed = rfc3339(now - timedelta(minutes=9)), rfc3339(now - timedelta(minutes=1))
    body = {"unit": UNIT, "kind": "unannounced", "selection": "random", "basis": "12/QĐ-SNV", "opened_at": opened}
    put(instance, token, f"inspections/{inspection}", body | {"team": []})
    found = {"inspection": inspection, "code": "A01", "count": 1, "captured_at": closed}
    put(instance, token, f"findings/{fresh()}", found)
    roll = {"assigned": 5, "present": 5, "excused": {}, "unexcused": 0, "late": 0, "persons_checked": 5}
    roll |= {"files_checked": 0, "private": {"opinion": ""}, "signed": True}
    put(instance, token, f"inspections/{inspection}/closing/{fresh()}", {"closed_at": closed, **roll})


@pytest.mark.timeout(300)
async def test_every_step_of_a_delivery_may_be_the_last(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "data", env={"KYCUONG_WEBHOOK_ALLOW": "127.0.0.1"}, warm=True)
    try:
        async with hooks() as sink:
            await asyncio.to_thread(instance.start)
            unit = {"change": "register", "unit": UNIT, "name": "UBND xã", "group": "xa", "parent": None, "staff": 5}
            admin, lead = instance.token("admin"), instance.token("lead")
            await asyncio.to_thread(
                put, instance, admin, f"unit-changes/{fresh()}", unit | {"valid_from": "2025-07-01"}
            )
            head = instance.token("unit_head", UNIT)
            hook = {"url": f"{sink.url}/ok", "unit": UNIT, "kinds": ["findings"]}
            await asyncio.to_thread(put, instance, head, f"webhooks/{fresh()}", hook)
            heard = 0
            for made, (step, times) in enumerate(STEPS.items(), 1):
                await asyncio.to_thread(instance.stop)
                await asyncio.to_thread(instance.start, KYCUONG_FAILPOINT=step)
                await asyncio.to_thread(inspected, instance, lead)
                assert instance.process is not None
                assert await asyncio.to_thread(instance.process.wait, 60) == -9
                await asyncio.to_thread(instance.start)
                came = await sink.until("/ok", heard + times, seconds=90)
                assert len({headers["webhook-id"] for headers, _ in came[heard:]}) == 1
                heard += times
                shown = httpx.get(
                    f"{instance.url}/reports/v1/notices",
                    headers={"authorization": f"Bearer {head}"},
                    timeout=40,
                    trust_env=False,
                    verify=AUTHORITIES,
                ).json()["items"]
                assert [notice["id"] for notice in shown][-1] == json.loads(came[-1][1])["data"]["id"]
                assert len(shown) == made
    finally:
        await asyncio.to_thread(instance.cleanup)
