"""The bodies of links for persons concerned, and of what such a person answers."""

from typing import Annotated

from pydantic import Field

from services.intake.writing.forms import Day, Form, Reason, Write


class GiveLink(Write):
    """A link for the person concerned, until the end of a day."""

    expires: Day


class RemoveLink(Write):
    """The link's end."""


class Answer(Form):
    """What the person concerned says."""

    EVENT = "kycuong.finding.answered.v1"

    text: Annotated[Reason, Field(description="the answer, sealed")]
