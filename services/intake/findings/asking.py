"""Which finding a write is about. Pure."""

from services.intake.findings.state import Finding, Findings
from services.intake.writing.commands import Command
from services.intake.writing.needs import Needs
from services.intake.writing.world import World
from services.kernel.problems import NotYetKnown


def known_finding(world: World, id: str) -> Finding:
    """A finding of the working state; NotYetKnown otherwise."""
    if id not in world[Findings].known:
        raise NotYetKnown
    return world[Findings].known[id]


def touch(needs: Needs, command: Command) -> None:
    """Need the finding that a write's path names."""
    needs.of(Findings)[command.parent] = None
