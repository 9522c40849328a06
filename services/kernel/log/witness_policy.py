"""C2SP tlog-policy: which logs and witnesses are trusted, and which of them together are enough. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

from services.kernel.log.cosignature import Cosigner
from services.kernel.log.note import BadNote, Verifier

NONE = "none"
_MOST_WITNESSES = 100


class BadPolicy(ValueError):
    """The policy is not one: the line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as the policy names it; the URL is its submission prefix, None when it is only verified."""

    name: str
    key: Cosigner
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Met when at least `threshold` of the members are."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses and the quorum."""

    logs: tuple[tuple[Verifier, str | None], ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy file; raises BadPolicy."""
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
            raise BadPolicy("ký tự điều khiển / a control character other than tab and newline")
        reader = _Reader()
        for number, line in enumerate(text.split("\n"), 1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                reader.take(words)
            except (BadPolicy, BadNote) as fault:
                raise BadPolicy(f"dòng {number} / line {number}: {fault}") from fault
        if reader.quorum is None:
            raise BadPolicy("thiếu dòng quorum / there is no quorum line")
        return cls(tuple(reader.logs), tuple(reader.witnesses), reader.groups, reader.quorum)

    @property
    def cosigners(self) -> list[Cosigner]:
        """The witnesses' keys."""
        return [witness.key for witness in self.witnesses]

    def quorum_met(self, cosigned: Collection[Cosigner]) -> bool:
        """Whether these witnesses together are enough."""
        if self.quorum == NONE:
            return True
        met = {witness.name for witness in self.witnesses if witness.key in cosigned}
        for name, group in self.groups.items():  # a group names only what stands before it
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum in met


class _Reader:
    def __init__(self) -> None:
        self.logs: list[tuple[Verifier, str | None]] = []
        self.witnesses: list[Witness] = []
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._names = {NONE}
        self._members: set[str] = set()
        self._keys: set[tuple[str, bytes]] = set()

    def take(self, words: list[str]) -> None:
        """One line; BadPolicy or BadNote."""
        match words:
            case ["log", vkey, *url] if len(url) < 2:
                self._log(Verifier.parse(vkey), *url)
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._witness(name, Cosigner.parse(vkey), *url)
            case ["group", name, threshold, first, *others]:
                self._group(name, threshold, (first, *others))
            case ["quorum", name]:
                self._quorum(name)
            case _:
                raise BadPolicy(f"không hiểu / not understood: {' '.join(words)[:80]}")

    def _log(self, key: Verifier, url: str | None = None) -> None:
        self._once("log", key.public)
        self.logs.append((key, url))

    def _witness(self, name: str, key: Cosigner, url: str | None = None) -> None:
        self._once("witness", key.public)
        self._define(name)
        if len(self.witnesses) == _MOST_WITNESSES:
            raise BadPolicy(f"quá {_MOST_WITNESSES} nhân chứng / more than {_MOST_WITNESSES} witnesses")
        self.witnesses.append(Witness(name, key, url))

    def _group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        for member in members:
            if member == NONE or member not in self._names:
                raise BadPolicy(f"chưa được định nghĩa ở trên / not defined above: {member}")
            if member in self._members:
                raise BadPolicy(f"đã thuộc một nhóm / in a group already: {member}")
            self._members.add(member)
        self._define(name)
        self.groups[name] = Group(_threshold(threshold, len(members)), members)

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise BadPolicy("dòng quorum thứ hai / a second quorum line")
        if name not in self._names:
            raise BadPolicy(f"chưa được định nghĩa ở trên / not defined above: {name}")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name in self._names:
            raise BadPolicy(f"tên đã dùng / the name is taken: {name}")
        self._names.add(name)

    def _once(self, kind: str, public: bytes) -> None:
        if (kind, public) in self._keys:
            raise BadPolicy("khóa này đã có ở dòng trên / the key stands on an earlier line")
        self._keys.add((kind, public))


def _threshold(text: str, members: int) -> int:
    if text in ("all", "any"):
        return members if text == "all" else 1
    if not re.fullmatch("[1-9][0-9]{0,2}", text) or int(text) > members:
        raise BadPolicy(f"ngưỡng phải là all, any hoặc 1–{members} / the threshold is all, any or 1–{members}: {text}")
    return int(text)
