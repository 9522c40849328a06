"""What a caller may do with an inspection now: what is not refused for who he is or how it stands."""

from collections.abc import Mapping
from typing import Any

from services.intake.reading.reach import Reading
from services.kernel.identity.roles import Action, Role


def may(reading: Reading, inspection: Mapping[str, Any]) -> list[str]:
    """The nouns to put under the inspection."""
    asks = {"closing": _closes, "acknowledgement": _acknowledges}
    return [noun for noun, is_his in asks.items() if is_his(reading, inspection)]


def _closes(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    roles = reading.roles(Action.FILE, inspection["unit"])
    opened = inspection["opener"] == reading.caller.account
    return inspection["state"] == "open" and (Role.LEAD in roles or (opened and Role.INSPECTOR in roles))


def _acknowledges(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    seen = inspection["state"] != "closed" or inspection["acknowledged"]
    return not seen and reading.answers_for(inspection["unit"])
