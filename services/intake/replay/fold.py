"""What the log's entries say of the state: the fold by which a database that is behind the log is rebuilt.

The log has no account, no private word and no write that caused no event: these are lost, and marked as lost.
"""

import json
from collections.abc import Mapping

from services.intake.calendars.state import Calendars
from services.intake.erasures.state import Erasure, Erasures
from services.intake.log_keys.state import LogKeys
from services.intake.replay import cases, quarters, rounds, visits
from services.intake.replay import units as unit_tree
from services.intake.replay.restored import Handler, Restored, Told
from services.intake.writing.forms import is_write_id
from services.kernel.envelope import Envelope
from services.kernel.quarters import parse_instant

AUTHOR = "system"


class UnknownEvent(Exception):
    """Nhật ký có loại sự kiện mà phiên bản này chưa biết; hãy cài phiên bản mới hơn.

    The log holds a kind of event that this version does not know; install a newer one.
    """


def take(restored: Restored, event: Envelope, raw: bytes) -> None:
    """Take in one entry; UnknownEvent when its type is not known here."""
    told = TOLD.get(event.type)
    if told is None:
        raise UnknownEvent(event.type)
    restored.numbers[event.unit] = max(event.unitseq, restored.numbers.get(event.unit, 0))
    state, extra = told(restored, event) or ("", {})
    if is_write_id(event.id):
        restored.note_write(event, raw, state, extra)
    elif event.type.endswith(".published.v1"):
        restored.writes.append((event.id, AUTHOR, b"", raw, parse_instant(event.time)))


def _calendar_published(restored: Restored, event: Envelope) -> Told:
    """The file's exact text is lost, and pinned by its hash; the days that it gives are all told."""
    days = {name: value for name, value in event.data.items() if name not in ("by", "sha256")}
    content = json.dumps({**days, "weekend": [6, 7]}, ensure_ascii=False)
    restored.world[Calendars].new.append((days["version"], event.id, content))
    return "published", {"version": days["version"]}


def _key_added(restored: Restored, event: Envelope) -> Told:
    vkey, world = event.data["vkey"], restored.world
    if vkey not in world[LogKeys].known:
        world[LogKeys].known.add(vkey)
        world[LogKeys].new.append((vkey, event.id))
    return "added", {}


def _erased(restored: Restored, event: Envelope) -> Told:
    """Erase once more what an older copy of the database still held; the request itself is found if it is there."""
    about, parts = event.data["event"], sorted(event.data["parts"])
    asked = [
        one
        for one in restored.world[Erasures].known.values()
        if one.state == "requested" and one.event == about and sorted(one.parts) == parts
    ]
    erasure = (
        asked[0] if asked else Erasure(id=event.id, event=about, unit=event.unit, parts=tuple(parts), requester="")
    )
    erasure.state, erasure.settlement = "erased", event.id
    restored.erased.append((erasure, parse_instant(event.time)))
    return "erased", ({"erasure": erasure.id} if asked else {}) | {"parts": event.data["parts"]}


def _left(restored: Restored, event: Envelope) -> Told:
    restored.left.append((event.data["tenure"], parse_instant(event.data["at"])))
    return None


def _exported(_: Restored, event: Envelope) -> Told:
    """Nothing is kept of it but the write itself."""
    return "recorded", {name: event.data[name] for name in ("quarter", "format", "edition")}


def _nothing(_: Restored, __: Envelope) -> Told:
    """Rules come from the files; who took up a post only the database knew."""
    return None


TOLD: Mapping[str, Handler] = {
    **visits.TOLD, **cases.TOLD, **quarters.TOLD, **rounds.TOLD, **unit_tree.TOLD,
    "kycuong.calendar.published.v1": _calendar_published,
    "kycuong.catalogue.published.v1": _nothing,
    "kycuong.data.exported.v1": _exported,
    "kycuong.deadlines.published.v1": _nothing,
    "kycuong.log.key_added.v1": _key_added,
    "kycuong.part.erased.v1": _erased,
    "kycuong.post.assumed.v1": _nothing,
    "kycuong.post.left.v1": _left,
    "kycuong.scoring.published.v1": _nothing,
}  # fmt: skip
"""Every type of the log; a new one belongs here too, or a database that is behind it stays behind."""
