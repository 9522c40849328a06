"""The rules of a photo: only what the manifest named is kept, once, and the last one completes the finding. Pure."""

from typing import cast

from services.intake.evidence.state import Photos, SentPhoto
from services.intake.findings.asking import known_finding, touch
from services.intake.findings.state import Finding, Findings
from services.intake.inspections.asking import filing_grant, known_inspection
from services.intake.inspections.state import Inspection
from services.intake.writing.accepted import Accepted, Consequence, Replay
from services.intake.writing.commands import Asked, Command, Noun
from services.intake.writing.refusals import AlreadyErased, PartLost
from services.intake.writing.rights import grants_at, require_told
from services.intake.writing.world import Known, World
from services.kernel.envelope import derived_id
from services.kernel.identity.reach import KEPT
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import NotFound, NotYetKnown, invalid

COMPLETED = "kycuong.finding.completed.v1"
_SENT = "kycuong.finding.photo"


def photo_id(finding: str, place: int) -> str:
    """The id under which a photo's sending is remembered: it is the finding's and the place's."""
    return derived_id(finding, _SENT, place)


def completed_id(finding: str) -> str:
    """The id of the event that a finding is complete, which carries the commitments to the kept images."""
    return derived_id(finding, COMPLETED, 1)


def keep(asked: Asked) -> Accepted | Replay:
    """Keep a photo of the manifest, from a member of the team or a lead in scope, in whatever state the finding is."""
    world, command = asked.world, asked.command
    sent = cast(SentPhoto, command.sent)
    finding = known_finding(world, command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at, finding.captured_at)
    mine = inspection.is_of_team(asked.caller.account, finding.captured_at, world.now)
    require_told(world, asked.caller, inspection.unit, kept=finding.severity == KEPT and not mine)
    grant = filing_grant(asked, inspection, mine)
    if asked.known is not None:  # a colleague's phone brought it first
        return repeat(world, asked.known, command)
    if not _declared(finding, sent):
        raise PartLost if "lost" in finding.photos[sent.place - 1] else AlreadyErased
    if sent.sha256 is None:
        return Replay(b"")  # a part of it may come; nothing is decided until all are there
    if sent.kept is None:
        raise NotYetKnown  # the finding came while the photo was being looked at
    finding.held[sent.place] = sent.kept.commitment.hex()
    world[Photos].new.append(sent.kept)
    missing = finding.missing
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=finding.unit, type=COMPLETED,
        subject=f"finding/{finding.id}", data={},
        state="incomplete" if missing else "complete",
        extra={"id": finding.id, "photo": sent.place, "missing": missing},
        consequence=None if missing else _completion(finding, inspection),
    )  # fmt: skip


def repeat(world: World, known: Known, command: Command) -> Replay:
    """The kept answer, if the bytes are the manifest's; an erased photo's answer tells no guess right or wrong."""
    _declared(known_finding(world, command.parent), cast(SentPhoto, command.sent))
    return Replay(known.answer)


def _declared(finding: Finding, sent: SentPhoto) -> bool:
    """Whether the manifest still names the photo; a Problem when it never did, or names other bytes."""
    if sent.place > len(finding.photos):
        raise NotFound
    photo = finding.photos[sent.place - 1]
    if "sha256" in photo and sent.size not in (None, photo["bytes"]):
        raise invalid(
            "",
            f"ảnh thứ {sent.place} trong ghi nhận có {photo['bytes']} byte, không phải {sent.size}",
            f"photo {sent.place} of the finding's manifest has {photo['bytes']} bytes, not {sent.size}",
        )
    if "sha256" in photo and sent.sha256 not in (None, photo["sha256"]):
        raise invalid(
            "",
            f"không phải ảnh thứ {sent.place} đã nêu trong ghi nhận (SHA-256 khác)",
            f"is not photo {sent.place} of the finding's manifest (another SHA-256)",
        )
    return "sha256" in photo


def _completion(finding: Finding, inspection: Inspection) -> Consequence:
    commitments = {f"photo.{place}": commitment for place, commitment in sorted(finding.held.items())}
    data = {
        "finding": finding.id, "inspection": inspection.id, "photos": len(finding.photos), "commitments": commitments,
    }  # fmt: skip
    return Consequence(completed_id(finding.id), data)


def filer(world: World, command: Command) -> str | None:
    """Whose a photo in a colleague's file is: the signed manifest names it."""
    finding = world[Findings].known.get(command.parent)
    return finding.filer if finding else None


PHOTO = Noun(
    name="findings/photos", action=Action.FILE, roles=(Role.INSPECTOR, Role.LEAD), form={}, parent="finding",
    logged=False, rule=keep, touches=touch, repeat=repeat, author=filer,
)  # fmt: skip
"""A photo of a finding: no JSON, so no line of a batch either."""
