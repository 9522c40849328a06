"""The body that tells the log of an export."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from services.intake.writing.forms import ABSENT, UnitId, Write, shown
from services.kernel.quarters import quarter_days

_EDITION = r"^(live|flash|official|restated-[1-9][0-9]{0,3})$"


def _quarter(text: str) -> str:
    try:
        quarter_days(text)
    except ValueError:
        raise ValueError(("phải là một quý, ví dụ 2026-Q3", "must be a quarter, for example 2026-Q3")) from None
    return text


Quarter = Annotated[str, AfterValidator(_quarter), shown(r"^20[0-9][0-9]-Q[1-4]$")]


class TellExport(Write):
    """An export that somebody is about to take: of a quarter's list, or of one unit's card."""

    EVENT = "kycuong.data.exported.v1"

    quarter: Quarter
    format: Literal["csv", "xlsx", "pdf", "docx", "package"]
    edition: Annotated[str, Field(pattern=_EDITION)] = "live"
    unit: UnitId | None = None
    dialect: Literal["excel-vi"] = ABSENT
