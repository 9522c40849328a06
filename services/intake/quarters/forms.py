"""The bodies of the Department's own writes: commendations, a quarter's cut, its publication and its exports."""

from base64 import b64decode, b64encode
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.intake.writing.forms import ABSENT, Because, Day, Quarter, UnitId, Words, Write, WriteId, required, shown

_EDITION = r"^(live|flash|official|restated-[1-9][0-9]{0,3})$"


def _root(text: str) -> str:
    try:
        root = b64decode(text, validate=True)
        # one spelling of a root: programs that compare texts and those that compare bytes read the same
        if len(root) == 32 and b64encode(root).decode() == text:
            return text
    except ValueError:
        pass
    raise ValueError((
        "phải là gốc của các phiếu điểm như danh sách bản chốt nêu (base64 của 32 byte)",
        "must be the root of the cards as the frozen list shows it (base64 of 32 bytes)",
    ))  # fmt: skip


Root = Annotated[str, Field(max_length=44), AfterValidator(_root), shown(r"^[A-Za-z0-9+/]{43}=$")]


class Commend(Write):
    """Praise for a unit."""

    EVENT = "kycuong.commendation.recorded.v1"

    unit: UnitId
    code: Literal["K01", "K02", "K03"]
    date: Day
    private: Words = Words()


class CloseQuarter(Write):
    """The cut of a quarter."""

    EVENT = "kycuong.quarter.closed.v1"

    edition: Literal["flash", "official"]


class RestateQuarter(Write):
    """A further cut of a quarter after the official one."""

    EVENT = "kycuong.quarter.restated.v1"

    private: Because = required(Because)


class PublishQuarter(Write):
    """What a reviewer read of a cut, made public: the root over its cards."""

    EVENT = "kycuong.quarter.published.v1"

    closing: WriteId
    cards_root: Root


class TellExport(Write):
    """An export that somebody is about to take: of a quarter's list, or of one unit's card."""

    EVENT = "kycuong.data.exported.v1"

    quarter: Quarter
    format: Literal["csv", "xlsx", "pdf", "docx", "package"]
    edition: Annotated[str, Field(pattern=_EDITION)] = "live"
    unit: UnitId | None = None
    dialect: Literal["excel-vi"] = ABSENT
