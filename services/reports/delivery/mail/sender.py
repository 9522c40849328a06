"""Mail by the operator's own server: with TLS, but to this machine or where the operator says otherwise."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit

import aiosmtplib

from services.kernel.process.clock import Clock
from services.kernel.process.settings import Settings
from services.reports.delivery.mail.letter import confirmation, digest, letter
from services.reports.delivery.port import Message, Passing, Permanent, Receiver

_AT_ONCE = 8
_PATIENCE = 20.0  # seconds
_CREDENTIALS = (530, 534, 535, 538)  # RFC 4954
_OF_THE_LETTER = (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)
_PORTS = {"smtp": 25, "smtps": 465}


class MailChannel:
    """Sends mail, a connection each: a message lost with a shared one would not be known."""

    def __init__(self, url: str, sender: str, clock: Clock, *, plain: bool = False) -> None:
        self._parts, self._sender, self._clock = urlsplit(url), sender, clock
        self._host = self._parts.hostname or ""
        self._trusted = plain or _is_here(self._host)
        self._room = asyncio.Semaphore(_AT_ONCE)

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> MailChannel | None:
        """As the settings say; None without a server or a sender."""
        if settings.smtp_url is None or not settings.mail_from:
            return None
        return cls(settings.smtp_url.get_secret_value(), settings.mail_from, clock, plain=settings.smtp_plain)

    async def send(self, message: Message, receiver: Receiver) -> int:
        """Send once; the server's code."""
        return await self._send(written(message, receiver, self._sender, self._clock.now()))

    async def _send(self, mail: EmailMessage) -> int:
        try:
            async with asyncio.timeout(_PATIENCE), self._room:
                return await self._converse(mail)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            raise _refused(error) from None
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            raise Passing("timeout") from None
        except (ssl.SSLError, aiosmtplib.SMTPException) as error:
            raise Passing(_why(error)) from None
        except OSError:
            raise Passing("unreachable") from None

    async def _converse(self, mail: EmailMessage) -> int:
        secure = self._parts.scheme == "smtps"
        server = aiosmtplib.SMTP(
            hostname=self._host, port=self._parts.port or _PORTS[self._parts.scheme], timeout=_PATIENCE, use_tls=secure,
            start_tls=False if secure else (None if self._trusted else True), tls_context=self._context(),
        )  # fmt: skip
        async with server:
            if self._parts.username:
                await server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            await server.send_message(mail)
        return 250

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if _is_here(self._host):  # nobody stands between, and no authority certifies a machine's own name
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    async def close(self) -> None:
        """Nothing stays open."""


def written(message: Message, receiver: Receiver, sender: str, now: datetime) -> EmailMessage:
    """The mail that a message becomes."""
    [private, *_] = receiver.private
    if message.kind == "confirmation":
        link = private["link"] + quote(private["confirm"], safe="")
        return confirmation(message.id, link, sender, private["mail"], now)
    return (digest if message.kind == "digest" else letter)(message, sender, private["mail"], now)


def _refused(error: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException) -> Passing | Permanent:
    """What a server's code says: of the letter it is for good, of ourselves it lasts until the operator mends it."""
    code = error.recipients[0].code if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error.code
    if code in _CREDENTIALS or isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Passing("credentials", code)
    return (Permanent if isinstance(error, _OF_THE_LETTER) and 500 <= code < 600 else Passing)("refused", code)


def _why(error: Exception) -> str:
    """What is wrong with a connection that could not be made safe, or not at all."""
    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return "certificate"
    insecure = isinstance(error, aiosmtplib.SMTPNotSupported) or any(isinstance(one, ssl.SSLError) for one in causes)
    return "insecure" if insecure or "STARTTLS" in str(error) else "unreachable"


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
