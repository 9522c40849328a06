"""What deciding cases looks at besides findings and inspections. Pure."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Strangers:
    """Who is certainly none of the lost persons of a quarter's teams."""

    apart: set[tuple[str, str]] = field(default_factory=set)
    """Accounts and quarters."""
