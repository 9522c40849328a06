"""What is noted of phones' chains: each item as it came, accepted or refused. Pure."""

from services.intake.writing.commands import Command
from services.intake.writing.forms import is_write_id

LinkRow = tuple[str, int, str, str | None, str, bool, str | None, int | None, str | None]
"""Device, n, link, prev, write, verified, refused, waiting, carrier."""


def link_row(command: Command, carrier: str, refused: str | None) -> LinkRow | None:
    """What to note of a chain: an item whose phone is known, accepted or refused; a carrier only if not the signer."""
    signed = command.signed
    if signed is None or command.signer is None or not is_write_id(command.id):
        return None
    if not signed.salted:
        return None  # its link would let guesses of an erased part be tested for good
    if not command.verified and command.signer != carrier:
        return None  # anybody can make such a thing
    return (
        signed.device, signed.n, signed.link, signed.prev, command.id, bool(command.verified), refused, signed.waiting,
        carrier if carrier != command.signer else None,
    )  # fmt: skip
