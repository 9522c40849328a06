"""A webhook: a thin body, signed; only 2xx is a success, 410 the end."""

from __future__ import annotations

import json
import time

from services.reports.delivery.outward import Outward
from services.reports.delivery.port import Message, Passing, Permanent, Receiver
from services.reports.delivery.webhook.signing import headers

_KIND = [(b"content-type", b"application/json"), (b"user-agent", b"kycuong/1")]


class WebhookChannel:
    """Posts to hooks."""

    def __init__(self, outward: Outward) -> None:
        self._outward = outward

    async def send(self, message: Message, receiver: Receiver) -> int:
        """Post once; the receiver's status."""
        body, newest = body_of(message), receiver.private[0]
        signed = headers([one["secret"] for one in receiver.private], message.id, int(time.time()), body)
        status, after = await self._outward.post(newest["url"], [*_KIND, *signed], body)
        judge(status, after)
        return status

    async def close(self) -> None:
        """Close every connection."""
        await self._outward.close()


def body_of(message: Message) -> bytes:
    """What is posted: ids and a count, for whoever reads more leaves a trace by reading."""
    data = {
        "id": message.id, "unit": message.unit, "inspection": message.inspection, "finding": message.finding,
        "findings": message.findings, "due": message.due,
    }  # fmt: skip
    told = {"type": f"kycuong.notice.{message.kind}", "timestamp": message.created_at, "data": data}
    return json.dumps(told, separators=(",", ":")).encode()


def judge(status: int, after: float) -> None:
    """Nothing for a success; Permanent or Passing for what a receiver answers else."""
    if 200 <= status < 300:
        return
    if status == 410:
        raise Permanent("gone", status, gone=True)
    if 300 <= status < 400:
        raise Passing("redirect", status)
    raise Passing("status", status, after)
