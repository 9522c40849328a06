"""What a caller may do with a finding's case now: what is not refused for who he is or how the case stands."""

from collections.abc import Collection, Mapping
from typing import Any

from services.domain.case import Command, Outcome, allows, outcomes
from services.intake.findings.rules import FILER_MAY_WITHDRAW
from services.intake.reading.reach import Reading
from services.intake.writing.world import is_lost
from services.kernel.identity.roles import Action, Role


def may(reading: Reading, finding: Mapping[str, Any], apart: Collection[str]) -> list[str]:
    """The nouns to put under the finding; `apart` are the quarters of whose lost persons the caller is none.

    Of a finding that the caller reads: what is kept from him he is not even told of.
    """
    asks = (
        ("reply", Command.REPLY, _replies), ("extension-request", Command.REPLY, _asks_for_time),
        ("withdrawal", Command.WITHDRAWAL, _withdraws), ("decision", Command.DECISION, _decides),
    )  # fmt: skip
    return [
        noun for noun, command, is_his in asks
        if allows(finding["severity"], finding["state"], command) and is_his(reading, finding, apart)
    ]  # fmt: skip


def offered(finding: Mapping[str, Any], complete: bool) -> list[Outcome]:
    """What a decision may say: nothing is upheld before its photos are held."""
    found = outcomes(finding["severity"], finding["state"])
    return [outcome for outcome in found if complete or outcome is not Outcome.UPHELD]


def _replies(reading: Reading, finding: Mapping[str, Any], _: Collection[str]) -> bool:
    return reading.answers_for(finding["unit"])


def _asks_for_time(reading: Reading, finding: Mapping[str, Any], _: Collection[str]) -> bool:
    due = finding["reply_due"]
    return due is not None and reading.now <= due and reading.answers_for(finding["unit"])


def _withdraws(reading: Reading, finding: Mapping[str, Any], _: Collection[str]) -> bool:
    roles = reading.roles(Action.FILE, finding["unit"])
    fresh = reading.now <= finding["received_at"] + FILER_MAY_WITHDRAW
    is_filer = finding["filer"] == reading.caller.account
    return Role.LEAD in roles or (Role.INSPECTOR in roles and is_filer and fresh)


def _decides(reading: Reading, finding: Mapping[str, Any], apart: Collection[str]) -> bool:
    people = (*finding["team"], finding["filer"])
    doubtful = any(map(is_lost, people)) and finding["quarter"] not in apart
    impartial = reading.caller.account not in people and not doubtful
    return impartial and bool(reading.roles(Action.DECIDE, finding["unit"]))
