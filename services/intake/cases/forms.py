"""The bodies of what follows a finding: replies, more time, decisions and what comes after them, remedies."""

from typing import Any, Literal

from services.intake.findings.forms import WithFiles
from services.intake.writing.forms import ABSENT, Because, Day, Form, Text, Words, Write, required
from services.kernel.problems import FieldError

Outcome = Literal["upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"]


class Ground(Form):
    """Why, if somebody says so."""

    reason: Text = ABSENT


class Actions(Form):
    """What the unit will do."""

    actions: Text = ABSENT


class ReplyToFinding(WithFiles):
    """The unit's answer to one finding."""

    EVENT = "kycuong.finding.replied.v1"

    accepts: bool
    private: Words = Words()


class _OfDeadline(Write):
    """A later deadline, of the reply or of the remedy."""

    of: Literal["reply", "remedy"]
    until: Day
    private: Ground = Ground()

    def event_type(self) -> str:
        """The type of its event: a remedy's has its own."""
        return self.EVENT.replace(".finding.", ".remedy.") if self.of == "remedy" else self.EVENT


class AskForTime(_OfDeadline):
    """The unit asks for a later deadline; no clock stops for it."""

    EVENT = "kycuong.finding.extension_requested.v1"


class GiveTime(_OfDeadline):
    """A later deadline, asked for or not."""

    EVENT = "kycuong.finding.extended.v1"

    def told(self) -> dict[str, Any]:
        """The event's type says which deadline it is."""
        return {"until": self.until}


class DecideFinding(Write):
    """The reviewer's decision on one finding."""

    EVENT = "kycuong.finding.decided.v1"

    outcome: Outcome
    private: Because = required(Because)


class ReleaseFinding(Write):
    """A finding of severity 4 that the unit may know of."""

    EVENT = "kycuong.finding.released.v1"

    private: Ground = Ground()


class AppealDecision(Write):
    """The unit asks that another reviewer decide again."""

    EVENT = "kycuong.finding.appealed.v1"

    private: Words = Words()


class ReopenFinding(Write):
    """A decided finding is to be decided again."""

    EVENT = "kycuong.finding.reopened.v1"

    private: Ground = Ground()


class SecondReview(Write):
    """What another reviewer, who has not seen the decision, would have decided."""

    EVENT = "kycuong.finding.second_reviewed.v1"

    outcome: Outcome
    private: Ground = Ground()


class PlanRemedy(Write):
    """What the unit will put right and by when, or that it cannot."""

    EVENT = "kycuong.remedy.planned.v1"

    feasible: bool
    due: Day = ABSENT
    private: Actions = Actions()

    def faults(self) -> list[FieldError]:
        """A day belongs to what is feasible, and only to that."""
        if self.feasible and self.due is None:
            return [FieldError("/due", "là trường bắt buộc khi khắc phục được", "is required of what is feasible")]
        if not self.feasible and self.due is not None:
            return [FieldError("/due", "không ghi khi không khắc phục được", "must be absent of what is not feasible")]
        return []


class ReportRemedy(WithFiles):
    """The unit says that it has put it right."""

    EVENT = "kycuong.remedy.reported.v1"

    done_on: Day
    private: Words = Words()


class VerifyRemedy(Write):
    """Whether it is put right; of what the unit cannot do, whether it need not."""

    EVENT = "kycuong.remedy.verified.v1"

    outcome: Literal["verified", "refused"]
    private: Ground = Ground()

    def event_type(self) -> str:
        """The type of its event: a refusal has its own."""
        return self.EVENT if self.outcome == "verified" else "kycuong.remedy.refused.v1"

    def told(self) -> dict[str, Any]:
        """The event's type says it all."""
        return {}
