"""The role matrix of the wire contract, as data: which role may take which action, and how far it reaches."""

from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """The roles an account may be appointed to."""

    INSPECTOR = "inspector"
    LEAD = "lead"
    UNIT_HEAD = "unit_head"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Reach(StrEnum):
    """How far a role reaches with an action."""

    ALL = "all"  # all units of the appointment, as `scope`
    SCOPE = "scope"  # the appointment's unit and below, or the province
    OWN_TEAM = "own team"  # scope, and only inspections of a team the caller is in
    OWN_UNIT = "own unit"  # exactly the unit the caller heads
    PUBLIC_PART = "public part"  # the private part with a reason, logged


class Action(StrEnum):
    """What a route does, in the words of the matrix."""

    FILE = "open, file, close"
    READ_CASE = "read finding, private part, photo"
    ANSWER = "reply, acknowledge, remedy"
    DECIDE = "decide, commend, close and publish a quarter"
    SURVEY = "surveys"
    REVIEW = "release, extend, reopen, second-review"
    VERIFY = "verify a remedy"
    LINK = "give the person concerned a link"
    VOID = "void an inspection"
    LIVE_CARDS = "live scorecards"
    PUBLISHED_CARDS = "published scorecards"
    EXPORT = "exports of what is not published"
    WHAT_IF = "what-if, as known at a size of the log"
    ENTRIES = "log entries in bulk"
    ENTRY = "one log entry, as the finding it is about"
    PROOFS = "receipts, proofs"
    READ_DIRECTORY = "read units, accounts, appointments, catalogue"
    CHANGE_DIRECTORY = "units, accounts, appointments, catalogue"
    REQUEST_ERASURE = "request an erasure"
    SETTLE_ERASURE = "approve or refuse an erasure"
    READ_ERASURES = "read erasure requests"
    ADD_LOG_KEY = "add a key of the log"
    READ_DEVICES = "phones and what is missing of their chains"
    WRITE = "any write: the noun decides"
    ALERTS = "a unit's alerts"
    NOTICES = "notices"
    DELIVERIES = "deliveries"
    HOOKS = "webhooks"
    READ_HOOKS = "read webhooks"
    SILENCE = "silence what is sent of one's own unit"
    SIGNED_IN = "one's own account"
    PLAN = "plan a round, draw, assign"
    READ_ROUNDS = "read rounds, coverage"
    READ_ASSIGNMENTS = "read one's own assignments"
    ROUND_ENTRY = "one log entry of a round"


_EVERYONE = dict.fromkeys(Role, Reach.ALL)

MATRIX: dict[Action, dict[Role, Reach]] = {
    Action.FILE: {Role.INSPECTOR: Reach.OWN_TEAM, Role.LEAD: Reach.SCOPE},
    Action.READ_CASE: {
        Role.INSPECTOR: Reach.OWN_TEAM,
        Role.LEAD: Reach.SCOPE,
        Role.UNIT_HEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.PUBLIC_PART,
    },
    Action.ANSWER: {Role.UNIT_HEAD: Reach.OWN_UNIT},
    Action.DECIDE: {Role.REVIEWER: Reach.ALL},
    Action.SURVEY: {Role.REVIEWER: Reach.ALL},
    Action.REVIEW: {Role.REVIEWER: Reach.ALL},
    Action.LINK: {Role.REVIEWER: Reach.ALL},
    Action.VERIFY: {Role.LEAD: Reach.SCOPE, Role.REVIEWER: Reach.ALL},
    Action.VOID: {Role.LEAD: Reach.SCOPE, Role.REVIEWER: Reach.ALL},
    Action.LIVE_CARDS: {
        Role.INSPECTOR: Reach.SCOPE,
        Role.LEAD: Reach.SCOPE,
        Role.UNIT_HEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.ALL,
    },
    Action.PUBLISHED_CARDS: _EVERYONE,
    Action.EXPORT: {Role.REVIEWER: Reach.ALL},
    Action.WHAT_IF: {
        Role.LEAD: Reach.SCOPE,
        Role.UNIT_HEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.ALL,
    },
    Action.ENTRIES: {Role.AUDITOR: Reach.ALL},
    Action.ENTRY: {
        Role.INSPECTOR: Reach.OWN_TEAM,
        Role.LEAD: Reach.SCOPE,
        Role.UNIT_HEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.ALL,
    },
    Action.PROOFS: _EVERYONE,
    Action.READ_DIRECTORY: _EVERYONE,
    Action.CHANGE_DIRECTORY: {Role.ADMIN: Reach.ALL},
    Action.REQUEST_ERASURE: {Role.REVIEWER: Reach.ALL},
    Action.SETTLE_ERASURE: {Role.AUDITOR: Reach.ALL},
    Action.READ_ERASURES: {Role.REVIEWER: Reach.ALL, Role.AUDITOR: Reach.ALL},
    Action.ADD_LOG_KEY: {Role.ADMIN: Reach.ALL},
    Action.READ_DEVICES: {
        Role.INSPECTOR: Reach.OWN_TEAM,
        Role.LEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.ALL,
        Role.ADMIN: Reach.ALL,
    },
    Action.WRITE: dict.fromkeys(Role, Reach.SCOPE),
    Action.ALERTS: {Role.UNIT_HEAD: Reach.SCOPE, Role.REVIEWER: Reach.ALL},
    Action.NOTICES: {Role.LEAD: Reach.SCOPE, Role.UNIT_HEAD: Reach.SCOPE, Role.REVIEWER: Reach.ALL},
    Action.DELIVERIES: {
        Role.LEAD: Reach.SCOPE,
        Role.UNIT_HEAD: Reach.SCOPE,
        Role.REVIEWER: Reach.ALL,
        Role.AUDITOR: Reach.ALL,
        Role.ADMIN: Reach.ALL,
    },
    Action.HOOKS: {Role.UNIT_HEAD: Reach.OWN_UNIT, Role.ADMIN: Reach.ALL},
    Action.READ_HOOKS: {Role.UNIT_HEAD: Reach.OWN_UNIT, Role.AUDITOR: Reach.ALL, Role.ADMIN: Reach.ALL},
    Action.SILENCE: {Role.UNIT_HEAD: Reach.OWN_UNIT},
    Action.SIGNED_IN: _EVERYONE,
    Action.PLAN: {Role.LEAD: Reach.ALL, Role.REVIEWER: Reach.ALL},
    Action.READ_ROUNDS: {Role.LEAD: Reach.SCOPE, Role.REVIEWER: Reach.ALL, Role.AUDITOR: Reach.ALL},
    Action.READ_ASSIGNMENTS: {Role.INSPECTOR: Reach.OWN_TEAM, Role.LEAD: Reach.OWN_TEAM},
    Action.ROUND_ENTRY: {Role.LEAD: Reach.ALL, Role.REVIEWER: Reach.ALL, Role.AUDITOR: Reach.ALL},
}


def allows(action: Action) -> dict[str, Any]:
    """What a route declares as its `openapi_extra`: the action it is."""
    return {"x-kycuong-action": action.name, "security": [{"bearer": []}]}


PUBLIC: dict[str, Any] = {"x-kycuong-action": "PUBLIC", "security": []}
