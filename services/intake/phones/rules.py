"""The rules of phones: registered once, then whose an item is by its signature, and what is noted of a chain. Pure."""

from typing import cast

from services.intake.phones.forms import RegisterDevice
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import Asked
from services.intake.writing.chain import read_point
from services.intake.writing.commands import Command
from services.intake.writing.forms import is_write_id
from services.intake.writing.rights import grants_at
from services.kernel.envelope import NO_UNIT
from services.kernel.problems import Problem, invalid
from services.kernel.quarters import local_date, quarter_of


def register(asked: Asked) -> Accepted:
    """Take in a phone's public key; the phone is its account's for good."""
    world, command = asked.world, asked.command
    form = cast(RegisterDevice, command.form)
    grants = grants_at(asked.grants, world.rights_at)
    refuse_foreign(asked.known)
    key = cast(bytes, read_point(form.key))  # the form has checked that it is one
    world.changes.devices.append((command.id, asked.caller.account, key))
    quarter = quarter_of(local_date(world.now))
    account, subject = asked.caller.account, f"device/{command.id}"
    return Accepted(account, grants[0].role, quarter, NO_UNIT, "", subject, {}, "registered")


def forged() -> Problem:
    """An item of somebody else's phone whose signature does not hold."""
    return invalid(
        "/device/sig",
        "chữ ký của máy không khớp với nội dung; hãy để chính người ghi gửi từ máy của họ",
        "the phone's signature does not fit the content; let its own user send it from that phone",
    )


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
