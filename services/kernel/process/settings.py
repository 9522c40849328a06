"""Settings from the environment (`KYCUONG_…`) and the command line; secrets come from the folder."""

import re
from collections.abc import Collection
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.process.folder import Folder

ROLES = ("intake_owner", "intake_app", "audit_owner", "audit_app", "reports_owner", "reports_app", "stream_owner")


def _database(url: str) -> str:
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise ValueError("phải là postgresql://NGƯỜI:MẬT-KHẨU@MÁY/CSDL / must be postgresql://USER:PASSWORD@HOST/DB")
    return url


def _address(url: str) -> str:
    """An http address with the trailing slash that paths are put behind."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("phải là địa chỉ http(s)://…/ / must be an address http(s)://…/")
    return url.rstrip("/") + "/"


def _brokers(servers: str) -> str:
    if not re.fullmatch(r"[^\s,:/]+:[0-9]+(,[^\s,:/]+:[0-9]+)*", servers):
        raise ValueError("phải là máy:cổng[,máy:cổng…] / must be host:port[,host:port…]")
    return servers


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,100}", text):
        raise ValueError("chỉ gồm A-Z a-z 0-9 . _ - / has only A-Z a-z 0-9 . _ -")
    return text


def _log_name(text: str) -> str:
    """A name that signed notes take: no scheme, no space, no plus."""
    if not re.fullmatch(r"[^\s+\x00-\x1f]{1,200}", text) or "://" in text:
        raise ValueError(
            "phải là tên máy và đường dẫn, không có http://, dấu cách và dấu +, ví dụ snv.example/nhat-ky / must be a "
            "host name and a path without http://, spaces and +, for example snv.example/log"
        )
    return text


def _networks(text: str) -> str:
    try:
        for one in text.split(",") if text else ():
            ip_network(one.strip())  # what is none would be believed by nobody, silently
    except ValueError:
        raise ValueError(
            "phải là các địa chỉ hoặc mạng, cách nhau bằng dấu phẩy, ví dụ 127.0.0.1,10.0.0.0/8 / must be addresses or "
            "networks, comma-separated, for example 127.0.0.1,10.0.0.0/8"
        ) from None
    return text


def _mail_server(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError(
            "phải là smtp(s)://[NGƯỜI:MẬT-KHẨU@]MÁY[:CỔNG] / must be smtp(s)://[USER:PASSWORD@]HOST[:PORT]"
        )
    return url


Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """What one process of Kỷ Cương is told."""

    model_config = SettingsConfigDict(env_prefix="KYCUONG_", env_ignore_empty=True, frozen=True, extra="ignore")

    data: Path
    database_url: Annotated[str, AfterValidator(_database)]
    """Of the administrator (migrations); the services replace user and password by their own roles'."""
    kafka: Annotated[str, AfterValidator(_brokers)] | None = None
    """`host:port[,…]` of the brokers; None: the embedded stream."""
    topic_prefix: Annotated[str, AfterValidator(_prefix)] = ""
    audit_url: Address = "http://127.0.0.1:8000/"
    """Where readers fetch entry bundles (the origin of the audit service, with a trailing slash)."""
    intake_url: Address | None = None
    """Where reports tells intake of exports that programs take; None: at `audit_url`, one address for all three."""
    log_origin: Annotated[str, AfterValidator(_log_name)] | None = None
    log_public_entries: bool = False
    log_key: SecretStr | None = None
    """The log's signing keys, one a line, oldest first; None: files in the folder's secrets."""
    witness_policy: Path | None = None
    """A C2SP tlog-policy file; None: `witness-policy` in the folder, if it is there."""
    witness_fail_open: bool = False
    """Publish also without the policy's quorum, with an alarm."""
    public_url: Address | None = None
    """Where people outside reach the pages, for codes printed on paper; None: the address a file was asked for by."""
    proxies: Annotated[str, AfterValidator(_networks)] = ""
    """Addresses or networks, comma-separated, of the proxies whose `X-Forwarded-For` and `-Proto` are believed."""
    department: str = "Sở Nội vụ"
    """Who inspects, as the head of the minutes names it."""
    seat: str | None = None
    """The place named before the date of the minutes (địa danh, NĐ 30/2020); None: dots, to be filled in by hand."""
    writes_per_second: int = Field(20_000, gt=0)
    """An account's rate of single writes: more than one process takes, so set it lower where strangers have accounts.

    Never below the contract's 200.
    """

    webhook_allow: Annotated[str, AfterValidator(_networks)] = ""
    """Addresses or networks, comma-separated, that webhooks may lead to beside the global ones; only there by http."""
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] | None = None
    """`smtp://` or `smtps://`, `USER:PASSWORD@HOST:PORT`, of the mail server; None: no mail is sent."""
    smtp_plain: bool = False
    """Send mail without TLS also to a server that is not on this machine."""
    mail_from: str | None = None
    """The sender of mail."""
    mail_folder: Path | None = None
    """Where letters are written as files in place of being sent, for trying out; not where a mail server is named."""
    vapid_key: SecretStr | None = None
    """The private key (P-256, base64url or PEM) that browsers' push services know us by; None: nothing is pushed."""
    vapid_subject: str | None = None
    """`mailto:` or `https:` of whoever a push service may turn to."""

    @property
    def trusted_proxies(self) -> list[str]:
        """The proxies one by one."""
        return [one.strip() for one in self.proxies.split(",")] if self.proxies else []

    @cached_property
    def folder(self) -> Folder:
        return Folder(self.data)

    def of(self, service: str, secrets: Collection[str]) -> "Settings":
        """The same settings for one service, whose folder opens these secrets and no others."""
        own = self.model_copy()
        own.__dict__["folder"] = self.folder.of(service, secrets)
        return own

    @cached_property
    def origin(self) -> str:
        """The log's origin."""
        return self.folder.origin(self.log_origin)

    @property
    def source(self) -> str:
        """The `source` of this installation's events."""
        return f"//{self.origin}/intake"

    @property
    def demo(self) -> bool:
        return self.folder.is_demo

    def topic(self, name: str) -> str:
        """A topic's full name."""
        return f"{self.topic_prefix}{name}"

    def dsn(self, role: str) -> str:
        """The connection string of one of the installation's own database roles."""
        parts = urlsplit(self.database_url)
        place = parts.netloc.rpartition("@")[2]
        login = f"kycuong_{role}:{quote(self.folder.secret_text('db_' + role), safe='')}"
        return urlunsplit(parts._replace(netloc=f"{login}@{place}"))
