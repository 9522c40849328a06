"""What a notice may be about: the one list of writer, reader and receivers. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """What a notice is about."""

    FINDINGS = "findings"
    REMINDER = "reminder"
    LAPSE = "lapse"
    DECISION = "decision"
    RELEASE = "release"
    EXTENSION = "extension"
    CORRECTION = "correction"
    APPEAL = "appeal"
    REOPENING = "reopening"
    VOIDING = "voiding"
    REMEDY = "remedy"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    PATTERN = "pattern"


UNSILENCED = frozenset({Kind.LAPSE, Kind.OVERDUE, Kind.ESCALATION})
"""What nobody may silence."""
