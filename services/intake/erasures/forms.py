"""The bodies of erasing private parts."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.intake.writing.forms import Because, Write, WriteId, required

_WORDS = "narrative|persons|opinion|refusal|minutes|signatures|position|fill|note|reason|text"
_PART = rf"^({_WORDS}|(photo|file)\.[1-9][0-9]?)$"


def _each_once(parts: list[str]) -> list[str]:
    if len(set(parts)) < len(parts):
        raise ValueError(("có phần ghi hai lần; hãy ghi mỗi phần một lần", "names a part twice; name each once"))
    return parts


PartNames = Annotated[
    list[Annotated[str, Field(pattern=_PART)]], Field(min_length=1, max_length=60), AfterValidator(_each_once),
    Field(json_schema_extra={"uniqueItems": True}),
]  # fmt: skip


class RequestErasure(Write):
    """A reviewer asks that private parts of a write be erased."""

    event: WriteId
    parts: PartNames
    private: Because = required(Because)


class ApproveErasure(Write):
    """The second pair of eyes agrees, and the parts are gone."""

    EVENT = "kycuong.part.erased.v1"


class RefuseErasure(Write):
    """The second pair of eyes does not agree."""

    private: Because = required(Because)
