"""The rules of the Department's own writes: commendations, the cut of a quarter and its publication. Pure."""

from base64 import b64decode
from datetime import date, timedelta
from itertools import count
from typing import cast

from services.domain.words import EDITIONS
from services.intake.quarters.forms import CloseQuarter, Commend, PublishQuarter
from services.intake.quarters.state import Commendations, Cut, Quarters, restated
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.asked import AHEAD, catalogue_on, unknown_unit, whole_province
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import AlreadyClosed, AppealsOpen, ClockDoubted, TooEarly, WrongState
from services.intake.writing.rights import grants_at, reaching
from services.intake.writing.world import World
from services.kernel.envelope import NO_UNIT
from services.kernel.problems import Invalid, invalid
from services.kernel.quarters import local_date, quarter_days, quarter_name, quarter_of

CARDS = "card-json/2"
"""The form of the cards that this program freezes."""
_EDITIONS = {edition: EDITIONS[edition] for edition in ("flash", "official")}
_OFFICIAL_AFTER = timedelta(days=15)


def commend(asked: Asked) -> Accepted:
    """Praise a unit, in the quarter of the date."""
    world, command = asked.world, asked.command
    form = cast(Commend, command.form)
    errors = unknown_unit(world, "/unit", form.unit)
    if errors:
        raise Invalid(errors=errors)
    grant = reaching(world, grants_at(asked.grants, world.rights_at), form.unit)[0]
    refuse_foreign(asked.known)
    day = date.fromisoformat(form.date)
    if world.directory.version(form.unit, day) is None:
        raise invalid("/unit", f"đơn vị không hoạt động vào ngày {day:%d/%m/%Y}", f"the unit was not valid on {day}")
    if day > local_date(world.now + AHEAD):
        raise invalid("/date", "là ngày chưa tới", "is still to come")
    catalogue = catalogue_on(world, day, "/date")
    world[Commendations].new.append((command.id, form.unit, form.code, day, world.now))
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=form.unit,
        type="kycuong.commendation.recorded.v1", subject=f"commendation/{command.id}",
        data={"commendation": command.id, "code": form.code, "date": form.date, "catalogue": catalogue.version},
        state="recorded", private=True, extra={"quarter": quarter_of(day)},
    )  # fmt: skip


def close_quarter(asked: Asked) -> Accepted:
    """Cut a quarter, each edition once and not before its day."""
    world, command = asked.world, asked.command
    form, quarter = cast(CloseQuarter, command.form), command.parent
    grant = whole_province(
        asked, ("Chỉ người phụ trách toàn tỉnh mới chốt quý.", "Only a reviewer of the province closes a quarter.")
    )
    refuse_foreign(asked.known)
    for edition in (form.edition, "official"):
        if (quarter, edition) in world[Quarters].cuts:
            raise AlreadyClosed((
                f"{quarter_name(quarter)} đã được chốt {_EDITIONS[edition][0]}.",
                f"The {_EDITIONS[edition][1]} edition of {quarter_name(quarter, 'en')} is already closed.",
            ))  # fmt: skip
    _require_day(quarter, form.edition, local_date(world.now))
    _require_certainty(world, quarter, form.edition)
    if form.edition == "official":
        _refuse_appeals(world, quarter)
    world[Quarters].cuts[quarter, form.edition] = Cut(command.id)
    world[Quarters].closings.append((quarter, form.edition, command.id, world.now))
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=NO_UNIT,
        type="kycuong.quarter.closed.v1", subject=f"quarter/{quarter}",
        data={"quarter": quarter, "edition": form.edition, "cards": CARDS},
        state="closed", extra={"quarter": quarter, "edition": form.edition}, barrier=True,
    )  # fmt: skip


def _refuse_appeals(world: World, quarter: str) -> None:
    """The units' appeals come first, if the Department has had its time for them."""
    waiting = world[Quarters].appeals.get(quarter)
    if waiting is not None and world.now > world.calendar.over(waiting, world.deadlines.appeal):
        raise AppealsOpen


def restate_quarter(asked: Asked) -> Accepted:
    """Cut a quarter once more after its official edition; that one and what was published of it stay as they are."""
    world, quarter = asked.world, asked.command.parent
    grant = whole_province(
        asked,
        ("Chỉ người phụ trách toàn tỉnh mới tính lại quý.", "Only a reviewer of the province restates a quarter."),
    )
    refuse_foreign(asked.known)
    if (quarter, "official") not in world[Quarters].cuts:
        vi, en = _names(quarter)
        raise WrongState((
            f"{vi} chưa được chốt bản chính thức nên chưa có gì để tính lại.",
            f"The official edition of {en} is not closed, so there is nothing to restate.",
        ))  # fmt: skip
    n = next(n for n in count(1) if (quarter, restated(n)) not in world[Quarters].cuts)
    edition = restated(n)
    world[Quarters].cuts[quarter, edition] = Cut(asked.command.id)
    world[Quarters].closings.append((quarter, edition, asked.command.id, world.now))
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=NO_UNIT,
        type="kycuong.quarter.restated.v1", subject=f"quarter/{quarter}",
        data={"quarter": quarter, "n": n, "cards": CARDS}, state="restated", private=True,
        extra={"quarter": quarter, "edition": edition, "n": n}, barrier=True,
    )  # fmt: skip


def _names(quarter: str) -> tuple[str, str]:
    return quarter_name(quarter), quarter_name(quarter, "en")


def _require_day(quarter: str, edition: str, today: date) -> None:
    """Flash from the quarter's last day, official from the 15th day after it: until then cases still change."""
    _, last = quarter_days(quarter)
    first = last + (_OFFICIAL_AFTER if edition == "official" else timedelta())
    if today < first:
        vi, en = _names(quarter)
        raise TooEarly((
            f"Từ ngày {first:%d/%m/%Y} mới chốt được {_EDITIONS[edition][0]} của {vi}.",
            f"The {_EDITIONS[edition][1]} edition of {en} can be closed from {first.isoformat()} on.",
        ))  # fmt: skip


def _require_certainty(world: World, quarter: str, edition: str) -> None:
    """A cut is for good: while the clock is in doubt, only one whose day has certainly come."""
    if world.doubted and world.certain is not None:
        try:
            _require_day(quarter, edition, local_date(world.certain))
        except TooEarly:
            raise ClockDoubted from None


def publish_quarter(asked: Asked) -> Accepted:
    """Publish a cut by the root over its cards as the reviewer read it; reports opens it if that is its own root.

    Only reports knows the cards, so a publication with another root is taken after one that named a wrong one.
    """
    world, command = asked.world, asked.command
    form, quarter = cast(PublishQuarter, command.form), command.parent
    grant = whole_province(
        asked, ("Chỉ người phụ trách toàn tỉnh mới công bố.", "Only a reviewer of the province publishes an edition.")
    )
    refuse_foreign(asked.known)
    cuts = world[Quarters].cuts
    edition = next((kind for of, kind in cuts if of == quarter and cuts[of, kind].id == form.closing), None)
    vi, en = _names(quarter)
    if edition is None:
        raise WrongState((
            f"{vi} không có bản chốt nào mang mã này; hãy chốt quý trước, rồi công bố đúng bản chốt đó.",
            f"{en} has no closing of this id; close the quarter first, then publish that closing.",
        ))  # fmt: skip
    root = b64decode(form.cards_root)
    if root in cuts[quarter, edition].roots:
        raise WrongState((
            f"Bản này của {vi} đã được công bố với đúng gốc này.",
            f"This edition of {en} was published with this root already.",
        ))  # fmt: skip
    cuts[quarter, edition].roots.add(root)
    world[Quarters].publications.append((command.id, form.closing, root, world.now))
    told = {"quarter": quarter, "edition": edition, "closing": form.closing, "cards_root": form.cards_root}
    return Accepted(
        account=asked.caller.account, role=grant.role, quarter=quarter_of(local_date(world.now)), unit=NO_UNIT,
        type="kycuong.quarter.published.v1", subject=f"quarter/{quarter}", data=told, state="published", extra=told,
        barrier=True,
    )  # fmt: skip


def touch_commendation(needs: Needs, command: Command) -> None:
    """Move the praised unit's sequence."""
    needs.units.add(cast(Commend, command.form).unit)


def touch(needs: Needs, command: Command) -> None:
    """Need the cuts of the quarter that a write's path names."""
    needs.units.add(NO_UNIT)
    needs.of(Quarters)[command.parent] = None
