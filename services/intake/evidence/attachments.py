"""The rules of files that belong to a write about a finding: only what it named is kept. Pure."""

from typing import cast

from services.intake.evidence.state import DeclaredFile, Files, SentFile
from services.intake.findings.asking import known_finding
from services.intake.findings.forms import WithFiles
from services.intake.findings.state import Findings
from services.intake.inspections.asking import answering_grant, known_inspection, require_standing
from services.intake.writing.accepted import Accepted, Replay
from services.intake.writing.commands import Asked, Command, Noun, Rule
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyErased
from services.intake.writing.rights import grants_at, reaching
from services.intake.writing.world import Known, World
from services.kernel.envelope import derived_id
from services.kernel.identity.roles import Action, Role
from services.kernel.problems import NotFound, NotYetKnown, invalid

PDF = "application/pdf"
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""The types of pictures, which are encoded anew, and what an encoder calls them."""
TYPES = (*PICTURES, PDF)
NOUNS = ("findings/reply", "findings/remedy-report")
"""The writes that files belong to."""
_SENT = "kycuong.write.file"


def file_id(write: str, place: int) -> str:
    """The id under which a file's sending is remembered: it is the write's and the place's."""
    return derived_id(write, _SENT, place)


def with_files(rule: Rule) -> Rule:
    """A write's rule, after which the files that it names may come."""

    def declaring(asked: Asked) -> Accepted | Replay:
        accepted = rule(asked)
        command = asked.command
        for place, file in enumerate(cast(WithFiles, command.form).files, start=1):
            declared = DeclaredFile(
                write=command.id, place=place, finding=command.parent, noun=command.noun.name, sha256=file.sha256,
                size=file.bytes, type=file.type,
            )  # fmt: skip
            asked.world[Files].known[command.id, place] = declared
            asked.world[Files].declared.append(declared)
        return accepted

    return declaring


def keep(asked: Asked) -> Accepted | Replay:
    """Keep a file that a write of the unit's named, from the unit's head, in whatever state the finding is."""
    world, command = asked.world, asked.command
    sent = cast(SentFile, command.sent)
    finding = known_finding(world, command.parent)
    inspection = known_inspection(world, finding.inspection)
    asked.grants = grants_at(asked.grants, world.rights_at)
    reaching(world, asked.grants, inspection.unit)
    if finding.kept:
        raise NotFound
    grant = answering_grant(asked, inspection.unit)
    if asked.known is not None:  # another head brought it first
        return repeat(world, asked.known, command)
    file = _declared(world, command)
    require_standing(inspection)
    if file.sha256 is None:
        raise AlreadyErased
    if sent.sha256 is None:
        return Replay(b"")  # a part of it may come; nothing is decided until all are there
    if sent.kept is None:
        raise NotYetKnown  # the write came while the file was being looked at
    file.held = True
    world[Files].kept.append((file.write, file.place, *sent.kept))
    missing = sorted(one.place for one in world[Files].known.values() if one.write == file.write and not one.held)
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=inspection.quarter, unit=finding.unit, type=_SENT,
        subject=f"finding/{finding.id}", data={}, state="incomplete" if missing else "complete",
        extra={"id": file.write, "finding": finding.id, "file": file.place, "missing": missing},
    )  # fmt: skip


def repeat(world: World, known: Known, command: Command) -> Replay:
    """The kept answer, if the bytes are those that the write named."""
    _declared(world, command)
    return Replay(known.answer)


def _declared(world: World, command: Command) -> DeclaredFile:
    """The file as its write named it; a Problem when it named none here, or another."""
    sent = cast(SentFile, command.sent)
    file = world[Files].known.get((sent.write, sent.place))
    if file is None:
        raise NotFound if sent.write in world.known else NotYetKnown
    if file.finding != command.parent or f"{file.noun}/files" != command.noun.name:
        raise NotFound
    if sent.type not in (None, file.type):
        raise invalid("", f"phải gửi với kiểu {file.type} như đã nêu", f"must be sent as {file.type}, as was named")
    if file.sha256 is not None and sent.size not in (None, file.size):
        raise invalid(
            "", f"tệp thứ {file.place} đã nêu có {file.size} byte, không phải {sent.size}",
            f"file {file.place} was named with {file.size} bytes, not {sent.size}",
        )  # fmt: skip
    if file.sha256 is not None and sent.sha256 not in (None, file.sha256):
        raise invalid(
            "", f"không phải tệp thứ {file.place} đã nêu (SHA-256 khác)",
            f"is not file {file.place} as it was named (another SHA-256)",
        )  # fmt: skip
    return file


def touch(needs: Needs, command: Command) -> None:
    """Need the finding, the write and what that named."""
    sent = cast(SentFile, command.sent)
    needs.of(Findings)[command.parent] = None
    needs.of(Files)[sent.write] = None
    needs.writes.add(sent.write)


def file_noun(noun: str) -> Noun:
    """A file of a kind of write: no JSON, so no line of a batch either."""
    return Noun(
        name=f"{noun}/files", action=Action.ANSWER, roles=(Role.UNIT_HEAD,), form={}, parent="finding", logged=False,
        rule=keep, touches=touch, repeat=repeat,
    )  # fmt: skip


FILE_NOUNS = {noun: file_noun(noun) for noun in NOUNS}
