"""The rule of a photo's redaction: a reviewer covers parts of a held photo, again as often as it takes. Pure."""

from typing import cast

from services.intake.evidence.forms import RedactPhoto
from services.intake.evidence.state import Photos, Redaction
from services.intake.findings.asking import known_finding
from services.intake.findings.rules import accepted_about
from services.intake.findings.state import Findings
from services.intake.inspections.asking import known_inspection, require_standing
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyErased, PartLost, PhotoMissing
from services.intake.writing.rights import grants_at, reaching, require_told
from services.kernel.problems import NotFound


def redact(asked: Asked) -> Accepted:
    """Cover parts of a photo; what was covered before is what the newest redaction covers."""
    world, form = asked.world, cast(RedactPhoto, asked.command.form)
    about, _, place = asked.command.parent.partition("/")
    finding = known_finding(world, about)
    inspection = known_inspection(world, finding.inspection)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), inspection.unit)[0]
    require_told(world, asked.caller, inspection.unit, kept=finding.kept)
    n = int(place)
    if n > len(finding.photos):
        raise NotFound
    refuse_foreign(asked.known)
    require_standing(inspection)
    photo = finding.photos[n - 1]
    if "sha256" not in photo:
        raise PartLost if "lost" in photo else AlreadyErased
    if n not in finding.held:
        raise PhotoMissing
    told = {"photo": n, **form.told()}
    world[Photos].redacted.append(Redaction(asked.command.id, finding.id, n, told["boxes"]))
    accepted = accepted_about(asked, finding, inspection, grant.role, "redacted", told, "photo")
    accepted.private = False  # the boxes are no secret: they say what is covered, not what is under them
    return accepted


def touch(needs: Needs, command: Command) -> None:
    """Need the finding whose photo it is."""
    needs.of(Findings)[command.parent.partition("/")[0]] = None
