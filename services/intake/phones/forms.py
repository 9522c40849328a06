"""The body of a phone's registration."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.intake.writing.chain import read_point
from services.intake.writing.forms import Write, shown


def _public_key(text: str) -> str:
    if read_point(text) is None:
        raise ValueError((
            "phải là khóa công khai P-256 dạng base64 (điểm không nén, điểm nén hoặc SPKI)",
            "must be a P-256 public key in base64 (uncompressed or compressed point, or SPKI)",
        ))  # fmt: skip
    return text


PublicKey = Annotated[str, Field(max_length=200), AfterValidator(_public_key), shown(r"^[A-Za-z0-9+/]+={0,2}$")]


class RegisterDevice(Write):
    """A phone's public key."""

    key: PublicKey
