"""What a caller may do with a round now: what is not refused for who he is or how it stands."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kernel.identity.callers import Caller


def may(caller: Caller, round: Mapping[str, Any], beacon: Mapping[str, Any] | None, today: date) -> list[str]:
    """The nouns to put under the round, for a planner."""
    if round["state"] != "open":
        return []
    waits = beacon is not None and round["value"] is None and date.fromisoformat(beacon["date"]) <= today
    asks = {"beacon": waits and caller.account != round["planner"], "assignments": True, "closing": True}
    return [noun for noun, is_his in asks.items() if is_his]
