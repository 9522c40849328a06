"""What a caller may do with an inspection now: what is not refused for who he is or how it stands."""

from collections.abc import Mapping
from typing import Any

from services.intake.reading.reach import Reading
from services.kernel.identity.roles import Action, Role


def may(reading: Reading, inspection: Mapping[str, Any]) -> list[str]:
    """The nouns to put under the inspection."""
    return [noun for noun, is_his in _ASKS.items() if is_his(reading, inspection)]


def _answers_for_it(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    """Whether the caller opened it, or leads in scope."""
    roles = reading.roles(Action.FILE, inspection["unit"])
    opened = inspection["opener"] == reading.caller.account
    return Role.LEAD in roles or (opened and Role.INSPECTOR in roles)


def _closes(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    return inspection["state"] == "open" and _answers_for_it(reading, inspection)


def _corrects(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    return inspection["state"] == "closed" and _answers_for_it(reading, inspection)


def _voids(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    return inspection["state"] in ("open", "closed") and bool(reading.roles(Action.VOID, inspection["unit"]))


def _changes_team(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    return inspection["state"] in ("open", "closed") and _answers_for_it(reading, inspection)


def _acknowledges(reading: Reading, inspection: Mapping[str, Any]) -> bool:
    seen = inspection["state"] != "closed" or inspection["acknowledged"]
    return not seen and reading.answers_for(inspection["unit"])


_ASKS = {
    "closing": _closes, "correction": _corrects, "voiding": _voids, "team": _changes_team,
    "acknowledgement": _acknowledges,
}  # fmt: skip
