"""What is wrong with a log, and where. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in Vietnamese and English, and at which entry (None: no one entry is to blame)."""

    index: int | None
    vietnamese: str
    english: str
    missing: bool = False  # something that the checkpoint covers is not served

    def __str__(self) -> str:
        what = f"{self.vietnamese} / {self.english}"
        return what if self.index is None else f"sự kiện {self.index} / entry {self.index}: {what}"


class BadLog(Exception):
    """The log is not what its checkpoint signs: the first bad index, and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Forked(BadLog):
    """The log signed two histories: what it serves does not extend what was accepted from it before."""


def missing(path: str, index: int) -> Fault:
    """A bundle or tile that the checkpoint covers is not served."""
    return Fault(index, f"thiếu {path}", f"{path} is missing", missing=True)
