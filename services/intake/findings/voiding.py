"""An inspection taken back with all its findings: nothing of it counts or runs any more. Pure."""

from services.domain import case
from services.intake.findings.state import Findings
from services.intake.inspections.asking import accepted_about, known_inspection, require_standing
from services.intake.inspections.state import Inspection, Inspections
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked
from services.intake.writing.rights import grants_at, reaching
from services.intake.writing.world import World


def void(asked: Asked) -> Accepted:
    """Take an inspection back, by a lead or a reviewer."""
    world = asked.world
    inspection = known_inspection(world, asked.command.parent)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), inspection.unit)[0]
    refuse_foreign(asked.known)
    require_standing(inspection)
    take_back(world, inspection)
    accepted = accepted_about(asked, inspection, grant.role, "voided", {})
    accepted.private = True
    return accepted


def take_back(world: World, inspection: Inspection) -> None:
    """What a voiding does to an inspection and those of its findings that are loaded; the keeper sees to the rest."""
    inspection.state = "voided"
    world[Inspections].changed[inspection.id] = world[Inspections].voided[inspection.id] = inspection
    for finding in world[Findings].known.values():
        state = case.step(finding.severity, finding.state, case.Command.VOIDING, finding.released)
        if finding.inspection == inspection.id and isinstance(state, case.State):
            finding.state = state
            finding.end()
            world[Findings].changed[finding.id] = finding
