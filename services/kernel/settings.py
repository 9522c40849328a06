"""Settings from the environment (`KYCUONG_…`) and the command line; secrets come from the folder."""

from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.folder import Folder

ROLES = ("intake_owner", "intake_app", "audit_owner", "audit_app", "reports_owner", "reports_app", "stream_owner")


class Settings(BaseSettings):
    """What one process of Kỷ Cương is told."""

    model_config = SettingsConfigDict(env_prefix="KYCUONG_", frozen=True, extra="ignore")

    data: Path
    database_url: str
    """Of the administrator (migrations); the services replace user and password by their own roles'."""
    kafka: str | None = None
    """`host:port[,…]` of the brokers; None: the embedded stream."""
    topic_prefix: str = ""
    audit_url: str = "http://127.0.0.1:8000/"
    """Where readers fetch entry bundles (the origin of the audit service, with a trailing slash)."""
    log_origin: str | None = None
    log_public_entries: bool = False
    log_key: SecretStr | None = None
    """The log's signing keys, one a line, oldest first; None: files in the folder's secrets."""
    witness_policy: Path | None = None
    """A C2SP tlog-policy file; None: `witness-policy` in the folder, if it is there."""
    witness_fail_open: bool = False
    """Publish also without the policy's quorum, with an alarm."""
    public_url: str | None = None
    """Where people outside reach the pages, for codes printed on paper; None: the address a file was asked for by."""
    department: str = "Sở Nội vụ"
    """Who inspects, as the head of the minutes names it."""
    seat: str | None = None
    """The place named before the date of the minutes (địa danh, NĐ 30/2020); None: dots, to be filled in by hand."""
    writes_per_second: int = 20_000
    """An account's rate of single writes: more than one process takes, so set it lower where strangers have accounts.

    Never below the contract's 200.
    """

    @cached_property
    def folder(self) -> Folder:
        return Folder(self.data)

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
