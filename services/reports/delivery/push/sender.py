"""A push message: unit, kind and count, kept by the push service for a day while the phone sleeps."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

from services.domain.words import NOTICES
from services.kernel.identity.vapid import private_key
from services.kernel.process.settings import Settings
from services.reports.delivery.outward import Outward
from services.reports.delivery.port import Message, Permanent, Receiver
from services.reports.delivery.push.sealing import authorization, sealed
from services.reports.delivery.webhook.sender import judge

_KEPT = b"86400"  # seconds; the default of 0 would drop what a sleeping phone cannot take at once


class PushChannel:
    """Sends to browsers' push services."""

    def __init__(self, outward: Outward, key: str, subject: str) -> None:
        self._outward, self._key, self._subject = outward, private_key(key), subject

    @classmethod
    def of(cls, settings: Settings, outward: Outward) -> PushChannel | None:
        """As the settings say; None without a key or a subject."""
        if settings.vapid_key is None or not settings.vapid_subject:
            return None
        return cls(outward, settings.vapid_key.get_secret_value(), settings.vapid_subject)

    async def send(self, message: Message, receiver: Receiver) -> int:
        """Send once; the push service's status."""
        [private, *_] = receiver.private
        keys, parts = private["keys"], urlsplit(private["endpoint"])
        try:
            body = sealed(_said(message), keys["p256dh"], keys["auth"])
        except ValueError:
            raise Permanent("key") from None
        word = authorization(self._key, f"{parts.scheme}://{parts.netloc}", self._subject, int(time.time()))
        headers = [
            (b"authorization", word.encode()), (b"content-encoding", b"aes128gcm"), (b"ttl", _KEPT),
            (b"content-type", b"application/octet-stream"), (b"topic", message.id.replace("-", "").encode()),
        ]  # fmt: skip
        status, after = await self._outward.post(private["endpoint"], headers, body)
        if status == 404:
            raise Permanent("gone", status, gone=True)  # RFC 8030: the subscription has expired
        judge(status, after)
        return status

    async def close(self) -> None:
        """Close every connection."""
        await self._outward.close()


def _said(message: Message) -> bytes:
    """What the phone shows: no name and no allegation; opening it leads to the notice."""
    title = f"{message.unit_name}: {NOTICES[message.kind][0]}"
    said = {"id": message.id, "title": title, "findings": message.findings, "link": message.link}
    return json.dumps(said, ensure_ascii=False).encode()
