"""The body by which the counts of a survey are recorded."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from services.intake.writing.forms import Name, Quarter, UnitId, Write
from services.kernel.problems import FieldError

Count = Annotated[int, Field(ge=0, le=9_999_999)]
Source = Annotated[Name, Field(max_length=60)]


class RecordSurvey(Write):
    """How many people were asked about a unit in a quarter, answered, and were satisfied."""

    EVENT = "kycuong.survey.recorded.v1"

    unit: UnitId
    quarter: Quarter
    source: Source
    asked: Count
    answered: Count
    satisfied: Count

    def faults(self) -> list[FieldError]:
        """Counts that cannot be: each is part of the one before it."""
        return list(self._faults())

    def _faults(self) -> Iterator[FieldError]:
        if self.answered > self.asked:
            yield FieldError(
                "/answered",
                f"nhiều hơn số người được hỏi ({self.asked})",
                f"is more than the {self.asked} who were asked",
            )
        if self.satisfied > self.answered:
            yield FieldError(
                "/satisfied",
                f"nhiều hơn số người trả lời ({self.answered})",
                f"is more than the {self.answered} who answered",
            )
