"""The bodies of what follows a finding: the unit's reply, the reviewer's decision."""

from typing import Literal

from services.intake.writing.forms import Because, Words, Write, required


class ReplyToFinding(Write):
    """The unit's answer to one finding."""

    EVENT = "kycuong.finding.replied.v1"

    accepts: bool
    private: Words = Words()


class DecideFinding(Write):
    """The reviewer's decision on one finding."""

    EVENT = "kycuong.finding.decided.v1"

    outcome: Literal["upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"]
    private: Because = required(Because)
