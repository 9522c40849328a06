"""Phones that an account signed in on before: a signed cookie, so that strangers who try its name keep nobody out.

A cookie names the device and, for each of the last few accounts, a tag that only this installation can make. It tells
no account's name and lets nobody in: with it, a password's failures are counted by the device, apart from strangers'.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable

from services.kernel.process.folder import Folder

COOKIE = "__Host-kycuong-device"
LIFE = 180  # days since the last sign-in
_ACCOUNTS = 5
_FORM = re.compile(rf"[A-Za-z0-9_-]{{22}}(\.[A-Za-z0-9_-]{{27}}){{1,{_ACCOUNTS}}}")
_DAY = 86_400


def _today() -> int:
    return int(time.time()) // _DAY


class KnownDevices:
    """Makes and reads the cookies of one installation."""

    def __init__(self, key: bytes, today: Callable[[], int] = _today) -> None:
        self._key, self._today = key, today

    @classmethod
    def of(cls, folder: Folder) -> "KnownDevices":
        """Those of the folder's installation; its key is made once."""
        return cls(folder.secret("known_devices"))

    def device(self, cookie: str, account: str) -> str | None:
        """The device's name, if this account signed in on it in the last half year."""
        name, tags = _parts(cookie)
        known = any(self._is_of(tag, name, account) and self._is_fresh(tag) for tag in tags)
        return name if known else None

    def remember(self, cookie: str, account: str) -> str:
        """The cookie after a sign-in: this account first, then the last few others."""
        name, tags = _parts(cookie)
        others = [tag for tag in tags if not self._is_of(tag, name, account)]
        fresh = self._tag(self._today().to_bytes(4, "big"), name, account)
        return ".".join([name, _text(fresh), *map(_text, others[: _ACCOUNTS - 1])])

    def _tag(self, day: bytes, name: str, account: str) -> bytes:
        said = b"kycuong/known-device/1\n" + name.encode() + b"\n" + day + account.encode()
        return day + hmac.digest(self._key, said, hashlib.sha256)[:16]

    def _is_of(self, tag: bytes, name: str, account: str) -> bool:
        return hmac.compare_digest(tag, self._tag(tag[:4], name, account))

    def _is_fresh(self, tag: bytes) -> bool:
        return self._today() - int.from_bytes(tag[:4], "big") <= LIFE


def _parts(cookie: str) -> tuple[str, list[bytes]]:
    """The device's name and the tags; a new name when the cookie is none of ours."""
    if not _FORM.fullmatch(cookie):
        return secrets.token_urlsafe(16), []
    name, *tags = cookie.split(".")
    try:
        return name, [base64.urlsafe_b64decode(tag + "=") for tag in tags]
    except binascii.Error:
        return secrets.token_urlsafe(16), []


def _text(tag: bytes) -> str:
    return base64.urlsafe_b64encode(tag).decode().rstrip("=")
