"""The bodies of links for persons concerned, and of what such a person answers."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.intake.writing.forms import Day, Form, Text, Write
from services.kernel.strict_json import is_blank


def _said(text: str) -> str:
    if is_blank(text):
        raise ValueError(("hãy ghi ý kiến của bạn", "write your answer"))
    return text


class GiveLink(Write):
    """A link for the person concerned, until the end of a day."""

    expires: Day


class RemoveLink(Write):
    """The link's end."""


class Answer(Form):
    """What the person concerned says."""

    EVENT = "kycuong.finding.answered.v1"

    text: Annotated[Text, AfterValidator(_said), Field(description="the answer, sealed")]
