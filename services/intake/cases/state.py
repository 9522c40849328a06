"""What deciding cases looks at besides findings and inspections. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Strangers:
    """Who is certainly none of the lost persons of a quarter's teams."""

    apart: set[tuple[str, str]] = field(default_factory=set)
    """Accounts and quarters."""


@dataclass(slots=True)
class SecondReviews:
    """Of findings: which were drawn to be reviewed blind once more, and who has read what was decided."""

    drawn: dict[str, str | None] = field(default_factory=dict)
    """With the review, once there is one."""
    read: set[tuple[str, str]] = field(default_factory=set)
    """Findings with the accounts of this batch that they were served to since they were decided."""
    done: dict[str, str] = field(default_factory=dict)
    """The reviews of this batch."""
