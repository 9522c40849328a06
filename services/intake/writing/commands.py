"""What a write asks for: its noun, its ids, its body read into a form, and the hash by which a repeat is known."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.calendars.forms import PublishCalendar
from services.intake.cases.forms import DecideFinding, ReplyToFinding
from services.intake.directory.forms import UNIT_CHANGES
from services.intake.erasures.forms import ApproveErasure, RefuseErasure, RequestErasure
from services.intake.findings.forms import RecordFinding, WithdrawFinding
from services.intake.inspections.closing_form import CloseInspection
from services.intake.inspections.forms import Acknowledge, OpenInspection
from services.intake.log_keys.forms import AddLogKey
from services.intake.phones.forms import RegisterDevice
from services.intake.quarters.forms import CloseQuarter, Commend, PublishQuarter
from services.intake.writing.chain import Signed, read_signed
from services.intake.writing.forms import Form, id_errors, quarter_errors, read_form
from services.intake.writing.world import KeptPhoto
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import FieldError

PREFIX = "/intake/v1/"
_OUTSIDE_CONTENT = ("private", "device")
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_TEAM = (Role.INSPECTOR, Role.LEAD)


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of write: where it is put, who may, and what its body is."""

    name: str
    action: Action
    roles: tuple[Role, ...]
    form: type[Form] | Mapping[str, type[Form]]
    parent: str | None = None
    """What the first id of a longer path names: inspection, finding, quarter or erasure."""
    logged: bool = True
    """Whether it becomes an event in the log."""

    @property
    def path(self) -> str:
        """The route's template."""
        collection, _, part = self.name.partition("/")
        return f"{PREFIX}{collection}/{{{self.parent}}}/{part}/{{id}}" if part else f"{PREFIX}{collection}/{{id}}"

    def address(self, parent: str, id: str) -> str:
        """Where one write of the kind is put."""
        collection, _, part = self.name.partition("/")
        return f"{PREFIX}{collection}/{parent}/{part}/{id}" if part else f"{PREFIX}{collection}/{id}"


NOUNS = (
    # routes are tried in this order, so the most frequent write comes first
    Noun("findings", Action.FILE, _TEAM, RecordFinding),
    Noun("unit-changes", Action.CHANGE_DIRECTORY, (Role.ADMIN,), UNIT_CHANGES),
    Noun("inspections", Action.FILE, _TEAM, OpenInspection),
    Noun("inspections/closing", Action.FILE, _TEAM, CloseInspection, "inspection"),
    Noun("inspections/acknowledgement", Action.ANSWER, (Role.UNIT_HEAD,), Acknowledge, "inspection"),
    Noun("findings/withdrawal", Action.FILE, _TEAM, WithdrawFinding, "finding"),
    Noun("findings/reply", Action.ANSWER, (Role.UNIT_HEAD,), ReplyToFinding, "finding"),
    Noun("findings/decision", Action.DECIDE, (Role.REVIEWER,), DecideFinding, "finding"),
    Noun("commendations", Action.DECIDE, (Role.REVIEWER,), Commend),
    Noun("quarters/closing", Action.DECIDE, (Role.REVIEWER,), CloseQuarter, "quarter"),
    Noun("quarters/publication", Action.DECIDE, (Role.REVIEWER,), PublishQuarter, "quarter"),
    Noun("calendars", Action.CHANGE_DIRECTORY, (Role.ADMIN,), PublishCalendar),
    Noun("erasures", Action.REQUEST_ERASURE, (Role.REVIEWER,), RequestErasure, logged=False),
    Noun("erasures/approval", Action.SETTLE_ERASURE, (Role.AUDITOR,), ApproveErasure, "erasure"),
    Noun("erasures/refusal", Action.SETTLE_ERASURE, (Role.AUDITOR,), RefuseErasure, "erasure", logged=False),
    Noun("devices", Action.FILE, _TEAM, RegisterDevice, logged=False),
    Noun("log-keys", Action.ADD_LOG_KEY, (Role.ADMIN,), AddLogKey),
)
_BY_NAME = {noun.name: noun for noun in NOUNS}


PHOTO = Noun("findings/photos", Action.FILE, _TEAM, {}, "finding", logged=False)
"""A photo of a finding: no JSON, so no line of a batch either."""


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as a phone sent it."""

    place: int
    """In the manifest, from 1."""
    sha256: str | None
    """None of a part: only the whole can be compared."""
    kept: KeptPhoto | None
    """What is to be stored: only of bytes that the manifest names and that are not kept yet."""
    size: int | None = None
    """Of the whole, as the sender of a part says."""


@dataclass(slots=True)
class Command:
    """One write, read as far as it can be without looking at any state."""

    noun: Noun
    id: str
    parent: str
    """The inspection's, finding's or erasure's id, or the quarter; empty without one."""
    token: bytes
    form: Form | None
    errors: list[FieldError]
    content: bytes
    """SHA-256 of path and public part; empty when the body has no proper form, so it equals no known one."""
    at: datetime | None = None
    """A demo load's set clock."""
    traceparent: str | None = None
    tracestate: str | None = None
    photo: SentPhoto | None = None
    signed: Signed | None = None
    """Its place in a phone's chain."""
    signer: str | None = None
    """The account of the phone that it names, once the phone is known."""
    verified: bool | None = None
    """Whether that phone's signature holds."""
    handed_over: bool = False
    """It came in a file from another's phone: only the signature says whose it is."""


def find_noun(path: str) -> tuple[Noun, str, str] | None:
    """The noun, parent and id that a path names, or None."""
    if not path.startswith(PREFIX):
        return None
    match path.removeprefix(PREFIX).split("/"):
        case [collection, id] if collection in _BY_NAME:
            return _BY_NAME[collection], "", id
        case [collection, parent, part, id] if f"{collection}/{part}" in _BY_NAME:
            return _BY_NAME[f"{collection}/{part}"], parent, id
    return None


def read_command(noun: Noun, parent: str, id: str, body: Any, token: bytes) -> Command:
    """Read a write's ids and body; what is wrong with them is kept, for it is told only to who may write."""
    errors = id_errors("/id", id)
    if noun.parent == "quarter":
        errors = quarter_errors(parent) + errors
    elif noun.parent is not None:
        errors = id_errors(f"/{noun.parent}", parent) + errors
    form = read_form(noun.form, body)
    signed = read_signed(noun.address(parent, id), body)
    if isinstance(form, list):
        return Command(noun, id, parent, token, None, errors + form, b"", signed=signed)
    content = b"" if errors else _content(noun, parent, id, body)
    return Command(noun, id, parent, token, form, errors, content, signed=signed)


def _content(noun: Noun, parent: str, id: str, body: Mapping[str, Any]) -> bytes:
    public = {name: value for name, value in body.items() if name not in _OUTSIDE_CONTENT}
    if "photos" in public:
        # a photo's hash is a private part, compared by its commitment: here it would outlive the part's erasure
        public["photos"] = [{**photo, "sha256": None} for photo in public["photos"]]
    # a proper form has no float, no large number and only known names, so this is its RFC 8785 form
    text = _encode({"path": [noun.name, parent, id], "body": public})
    if not text.isascii():
        # composing the whole text is composing each string of it: no JSON delimiter composes with a mark
        text = unicodedata.normalize("NFC", text)
    return hashlib.sha256(text.encode()).digest()
