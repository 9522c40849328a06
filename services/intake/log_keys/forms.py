"""The body that tells of a further key of the log."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.intake.writing.forms import Write, shown
from services.kernel.log.note import BadNote, Verifier

_VKEY = r"^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$"


def _vkey(text: str) -> str:
    try:
        if Verifier.parse(text).vkey == text:
            return text
    except BadNote:
        pass
    raise ValueError((
        "phải là khóa kiểm chứng của nhật ký (C2SP signed-note, loại Ed25519): tên+mã+base64",
        "must be the log's verifier key (C2SP signed-note, type Ed25519): name+id+base64",
    ))  # fmt: skip


VKey = Annotated[str, Field(max_length=300), AfterValidator(_vkey), shown(_VKEY)]


class AddLogKey(Write):
    """A further key that signs the log's checkpoints."""

    EVENT = "kycuong.log.key_added.v1"

    vkey: VKey
