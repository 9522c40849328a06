"""Checks that the rules of several capabilities share. Pure."""

from datetime import date, datetime, timedelta
from typing import cast

from services.domain.catalogue import Catalogue, in_force
from services.intake.writing.commands import Asked
from services.intake.writing.forms import Instant, Timed
from services.intake.writing.refusals import ClockDoubted
from services.intake.writing.rights import grants_at
from services.intake.writing.world import World
from services.kernel.identity.callers import Grant
from services.kernel.problems import FieldError, Forbidden, invalid

AHEAD = timedelta(minutes=5)
LATE = timedelta(days=7)


def whole_province(asked: Asked, words: tuple[str, str]) -> Grant:
    """The appointment to the whole province by which somebody writes; Forbidden, in these words, without one."""
    for grant in grants_at(asked.grants, asked.world.rights_at):
        if grant.unit is None:
            return grant
    raise Forbidden(words)


def unknown_unit(world: World, pointer: str, unit: str) -> list[FieldError]:
    """What is wrong with a unit's id: that nobody registered it."""
    if world.directory.knows(unit):
        return []
    return [FieldError(pointer, f"không có đơn vị {unit}", f"there is no unit {unit}")]


def check_clock(world: World, pointer: str, instant: datetime, form: Timed, flags: list[str]) -> None:
    """Refuse a time over 5 minutes ahead of the server; flag one older than 7 days, and a phone's clock far off."""
    if instant > world.now + AHEAD and world.doubted:
        raise ClockDoubted
    if instant > world.now + AHEAD:
        raise invalid(
            pointer,
            "ở sau giờ máy chủ quá 5 phút; hãy chỉnh đồng hồ máy rồi gửi lại",
            "is more than 5 minutes ahead of the server; correct the phone's clock and send again",
        )
    if "device_at" in form.model_fields_set and abs(moment(form.device_at) - instant) > AHEAD:
        flags.append("clock_skew")
    if instant < world.now - LATE:
        flags.append("late_report")


def moment(time: str) -> datetime:
    """The instant that a form's time names."""
    return cast(Instant, time).at


def phone_clock(form: Timed) -> dict[str, str | int]:
    """What the phone's own clocks said, for the event, as far as it was sent."""
    sent = form.model_fields_set & {"device_at", "elapsed_ms"}
    return {name: getattr(form, name) for name in sorted(sent)}


def catalogue_on(world: World, day: date, pointer: str) -> Catalogue:
    """The catalogue in force on a day; a 422 at `pointer` when there is none."""
    try:
        return in_force(world.catalogues, day)
    except LookupError:
        raise invalid(
            pointer, f"chưa có danh mục nào cho ngày {day:%d/%m/%Y}", f"no catalogue is in force on {day}"
        ) from None
