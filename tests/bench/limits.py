"""A limit of the house beside its measured figure: printed, never asserted in the suite (machines differ)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of `make bench`: what is promised, what this run measured, and whether it was kept."""

    name: str
    bound: str
    measured: str
    kept: bool

    def __str__(self) -> str:
        return (
            f"{'kept  ' if self.kept else 'BROKEN'}  {self.name:58} bound {self.bound:>16}   measured {self.measured}"
        )


def at_least(name: str, bound: float, measured: float, unit: str = "") -> Limit:
    """A limit from below."""
    return Limit(name, f">= {bound:,g}{unit}", f"{measured:,.4g}{unit}", measured >= bound)


def at_most(name: str, bound: float, measured: float, unit: str = "") -> Limit:
    """A limit from above."""
    return Limit(name, f"<= {bound:,g}{unit}", f"{measured:,.4g}{unit}", measured <= bound)
