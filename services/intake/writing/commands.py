"""What a write asks for: its noun, its ids, its body read into a form, and the hash by which a repeat is known."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.intake.writing.accepted import Accepted, Replay
from services.intake.writing.chain import Signed, read_signed
from services.intake.writing.forms import Form, path_errors, read_form
from services.intake.writing.needs import Needs
from services.intake.writing.rights import Grants
from services.intake.writing.world import Known, World
from services.kernel.identity.callers import Caller
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import FieldError

PREFIX = "/intake/v1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A kind of write: where it is put, who may, what its body is, what it needs, and the rule that decides it."""

    name: str
    action: Action
    roles: tuple[Role, ...]
    form: type[Form] | Mapping[str, type[Form]]
    rule: "Rule"
    touches: "Callable[[Needs, Command], None]"
    """Says what a well-formed write of the kind needs loaded."""
    parent: str | None = None
    """What the ids of a longer path name before its own: inspection, finding, quarter, `finding/link`, `finding/n`."""
    logged: bool = True
    """Whether it becomes an event in the log."""
    light: bool = False
    """Whether it mostly adds rows that go with the writes' own statement, so that a batch of it needs no lock."""
    read_apart: bool = False
    """Whether what comes after it in a batch can be read only once it is stored."""
    repeat: "Callable[[World, Known, Command], Replay] | None" = None
    """How a repeat is answered where the content alone does not tell it."""
    author: "Callable[[World, Command], str | None] | None" = None
    """Whose it is when it came in a colleague's file and nothing is signed."""

    @property
    def path(self) -> str:
        """The route's template."""
        return self.address("/".join(f"{{{name}}}" for name in self.parents), "{id}")

    @property
    def parents(self) -> list[str]:
        """What each id of the path names before its own."""
        return self.parent.split("/") if self.parent else []

    def address(self, parent: str, id: str) -> str:
        """Where one write of the kind is put."""
        ids = [*(parent.split("/") if parent else ()), id]
        return PREFIX + "/".join(f"{part}/{one}" for part, one in zip(self.name.split("/"), ids, strict=True))

    @property
    def forms(self) -> Sequence[type[Form]]:
        """The forms that its body may have."""
        return list(self.form.values()) if isinstance(self.form, Mapping) else [self.form]


@dataclass(slots=True, kw_only=True)
class Command:
    """One write, read as far as it can be without looking at any state."""

    noun: Noun
    id: str
    parent: str
    """The inspection's, finding's or erasure's id, or the quarter; two, with a slash, of a longer path."""
    token: bytes
    form: Form | None = None
    errors: list[FieldError]
    content: bytes = b""
    """SHA-256 of path and public part; empty when the body has no proper form, so it equals no known one."""
    at: datetime | None = None
    """A demo load's set clock."""
    traceparent: str | None = None
    tracestate: str | None = None
    sent: Any = None
    """What came instead of a form: a photo."""
    signed: Signed | None = None
    """Its place in a phone's chain."""
    signer: str | None = None
    """The account of the phone that it names, once the phone is known."""
    verified: bool | None = None
    """Whether that phone's signature holds."""
    handed_over: bool = False
    """It came in a file from another's phone: only the signature says whose it is."""


@dataclass(slots=True)
class Asked:
    """A write with its caller, as the rules see it."""

    world: World
    command: Command
    caller: Caller
    grants: Grants
    known: Known | None


Rule = Callable[[Asked], Accepted | Replay]


class Nouns:
    """The table of all kinds of write, in the order in which routes are tried."""

    def __init__(self, *nouns: Noun) -> None:
        self._by_name = {noun.name: noun for noun in nouns}

    def __iter__(self) -> Iterator[Noun]:
        return iter(self._by_name.values())

    def find(self, path: str) -> tuple[Noun, str, str] | None:
        """The noun, parent and id that a path names, or None."""
        if not path.startswith(PREFIX):
            return None
        match path.removeprefix(PREFIX).split("/"):
            case [collection, id] if collection in self._by_name:
                return self._by_name[collection], "", id
            case [collection, parent, part, id] if f"{collection}/{part}" in self._by_name:
                return self._by_name[f"{collection}/{part}"], parent, id
            case [collection, parent, part, child, end, id] if f"{collection}/{part}/{end}" in self._by_name:
                return self._by_name[f"{collection}/{part}/{end}"], f"{parent}/{child}", id
        return None


def read_command(noun: Noun, parent: str, id: str, body: Any, token: bytes) -> Command:
    """Read a write's ids and body; what is wrong with them is kept, for it is told only to who may write."""
    named = zip(noun.parents, parent.split("/"), strict=True) if noun.parent else ()
    errors = [error for name, one in (*named, ("id", id)) for error in path_errors(name, one)]
    form = read_form(noun.form, body)
    signed = read_signed(noun.address(parent, id), body) if isinstance(body, dict) and "device" in body else None
    if isinstance(form, list):
        return Command(noun=noun, id=id, parent=parent, token=token, errors=errors + form, signed=signed)
    content = b"" if errors else _content(noun, parent, id, form.compared(body))
    return Command(
        noun=noun, id=id, parent=parent, token=token, form=form, errors=errors, content=content, signed=signed
    )


def _content(noun: Noun, parent: str, id: str, public: Mapping[str, Any]) -> bytes:
    # a proper form has no float, no large number and only known names, so this is its RFC 8785 form
    text = orjson.dumps({"path": [noun.name, parent, id], "body": public}, option=orjson.OPT_SORT_KEYS)
    if not text.isascii():
        # composing the whole text is composing each string of it: no JSON delimiter composes with a mark
        text = unicodedata.normalize("NFC", text.decode()).encode()
    return hashlib.sha256(text).digest()
