"""What deciding a batch of writes will look at, named before anything is read. Pure."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stamps:
    """The numbers by which what is remembered in memory is known to be current."""

    directory: int
    """Of the last change of the unit tree."""
    calendars: int
    """How many working calendars were published."""


@dataclass(slots=True)
class Needs:
    """What a batch has to know of: collected from its writes, before anything is read."""

    units: set[str] = field(default_factory=set)
    """Units whose sequences it may move."""
    writes: set[str] = field(default_factory=set)
    """Earlier writes that it looks at, beside its own ids."""
    accounts: set[str] = field(default_factory=set)
    """Accounts that it names."""
    people: set[str] = field(default_factory=set)
    """Accounts whose appointments, past ones too, it looks at."""
    tree: bool = False
    """Whether nobody may change the unit tree meanwhile."""
    writers: set[str] = field(default_factory=set)
    """Accounts that it is written by."""
    stamps: Stamps | None = None
    """Read once its units are locked; None where nobody locks."""
    _ids: dict[type, dict[str, None]] = field(default_factory=dict)

    def of(self, shelf: type) -> dict[str, None]:
        """The ids that are needed on a shelf, each once, in order."""
        return self._ids.setdefault(shelf, {})
