"""The body that tells the log of an export."""

from typing import Annotated, Literal

from pydantic import Field

from services.intake.writing.forms import ABSENT, Quarter, UnitId, Write

_EDITION = r"^(live|flash|official|restated-[1-9][0-9]{0,3})$"


class TellExport(Write):
    """An export that somebody is about to take: of a quarter's list, or of one unit's card."""

    EVENT = "kycuong.data.exported.v1"

    quarter: Quarter
    format: Literal["csv", "xlsx", "pdf", "docx", "package"]
    edition: Annotated[str, Field(pattern=_EDITION)] = "live"
    unit: UnitId | None = None
    dialect: Literal["excel-vi"] = ABSENT
