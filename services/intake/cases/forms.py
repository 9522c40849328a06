"""The bodies of what follows a finding: the unit's reply, the reviewer's decision."""

from typing import Literal

from services.intake.writing.forms import ABSENT, Because, Day, Form, Text, Words, Write, required


class ReplyToFinding(Write):
    """The unit's answer to one finding."""

    EVENT = "kycuong.finding.replied.v1"

    accepts: bool
    private: Words = Words()


class Ground(Form):
    """Why more time is needed."""

    reason: Text = ABSENT


class AskForTime(Write):
    """The unit asks for a later deadline; no clock stops for it."""

    EVENT = "kycuong.finding.extension_requested.v1"

    of: Literal["reply", "remedy"]
    until: Day
    private: Ground = Ground()


class DecideFinding(Write):
    """The reviewer's decision on one finding."""

    EVENT = "kycuong.finding.decided.v1"

    outcome: Literal["upheld", "excused", "not_proven", "unfounded", "system_fault", "referred"]
    private: Because = required(Because)
