"""The rules of channels: one's own addresses and browsers, hooks of one's own unit or of all, silences. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from pydantic_core import Url

from services.intake.channels.forms import Address, Silence, Subscription, Until, Webhook
from services.intake.channels.state import Channel, Channels, New
from services.intake.writing.accepted import Accepted, refuse_foreign
from services.intake.writing.commands import Asked, Command
from services.intake.writing.needs import Needs
from services.intake.writing.refusals import WrongState
from services.intake.writing.rights import grants_at
from services.intake.writing.world import World
from services.kernel.envelope import NO_UNIT
from services.kernel.identity.roles import Role
from services.kernel.problems import Forbidden, NotFound, invalid
from services.kernel.quarters import local_date, quarter_of
from services.kernel.web.reachable import allowed, host_of, literal, reachable, read_url

_LONGEST = timedelta(days=30)
_DAY = timedelta(days=1)


class Hosts:
    """Names, among what is needed, the hosts whose addresses are looked up."""


def add_address(asked: Asked) -> Accepted:
    """Take one's own mail address; it is written to once its link was opened."""
    form = cast(Address, asked.command.form)
    refuse_foreign(asked.known)
    confirm = asked.world[Channels].draw()
    new = New(
        id=asked.command.id, kind="address", account=asked.caller.account, digest=form.digest == "weekly",
        private={"mail": form.mail, "confirm": confirm}, confirm=confirm,
    )  # fmt: skip
    return _added(asked, new, extra={"digest": form.digest, "confirmed": False})


def add_webhook(asked: Asked) -> Accepted:
    """Take a program's address, of a unit that the caller heads, or as an admin; the secret is shown this once."""
    world, form = asked.world, cast(Webhook, asked.command.form)
    if form.unit is not None and not world.directory.knows(form.unit):
        raise NotFound
    if not _may_hook(asked, form.unit):
        raise NotFound if form.unit else invalid("/unit", "hãy ghi đơn vị của bạn", "name your own unit")
    refuse_foreign(asked.known)
    _check_host(world, form.url)
    secret = "whsec_" + world[Channels].draw()
    new = New(
        id=asked.command.id, kind="webhook", account=asked.caller.account, unit=form.unit, kinds=form.kinds,
        private={"url": form.url, "secret": secret},
    )  # fmt: skip
    return _added(asked, new, extra={"kinds": form.kinds}, once={"secret": secret})


def add_subscription(asked: Asked) -> Accepted:
    """Take a browser's subscription."""
    world, form = asked.world, cast(Subscription, asked.command.form)
    refuse_foreign(asked.known)
    if not world[Channels].push:
        raise WrongState((
            "Hệ thống này chưa bật thông báo đẩy; người vận hành đặt KYCUONG_VAPID_KEY.",
            "This installation sends no push messages; its operator sets KYCUONG_VAPID_KEY.",
        ))  # fmt: skip
    _check_host(world, form.endpoint, "/endpoint")
    private = {"endpoint": form.endpoint, "keys": form.keys.model_dump()}
    return _added(asked, New(id=asked.command.id, kind="push", account=asked.caller.account, private=private))


def silence(asked: Asked) -> Accepted:
    """Send some kinds of one's own unit's notices nowhere, for at most 30 days."""
    form, unit = cast(Silence, asked.command.form), _post(asked)
    refuse_foreign(asked.known)
    ends = cast(Until, form.until)
    until, longest = ends.at, _LONGEST + (_DAY if ends.is_day else timedelta())  # a day is silent to its end
    if not asked.world.now < until <= asked.world.now + longest:
        raise invalid("/until", "phải sau lúc này và trong vòng 30 ngày", "must be later than now and within 30 days")
    new = New(
        id=asked.command.id, kind="silence", account=asked.caller.account, unit=unit, kinds=form.kinds,
        private={"reason": form.private.reason}, until=until,
    )  # fmt: skip
    return _added(asked, new, state="silenced", extra={"kinds": form.kinds, "until": form.until})


def remove(asked: Asked) -> Accepted:
    """End one's own, or a hook of one's unit."""
    channel = _found(asked)
    refuse_foreign(asked.known)
    _require_there(channel)
    channel.removed = True
    asked.world[Channels].removed.append(channel.id)
    return _accepted(asked, channel, "removed")


def rotate(asked: Asked) -> Accepted:
    """Give a hook a new secret, shown this once; for a day both sign."""
    channel = _found(asked)
    refuse_foreign(asked.known)
    _require_there(channel)
    secret = "whsec_" + asked.world[Channels].draw()
    asked.world[Channels].rotated.append((channel.id, secret))
    return _accepted(asked, channel, "rotated", once={"secret": secret})


def _found(asked: Asked) -> Channel:
    """The channel of the path; NotFound when it is none of the kind, or not the caller's to change."""
    channel = asked.world[Channels].known.get(asked.command.parent)
    if channel is None or channel.kind != asked.command.noun.parent:
        raise NotFound
    if channel.kind == "webhook":
        if not _may_hook(asked, channel.unit):
            raise NotFound
    elif channel.account != asked.caller.account:
        raise NotFound
    return channel


def _require_there(channel: Channel) -> None:
    if channel.removed:
        raise WrongState(("Mục này đã được bỏ trước đó.", "It was removed before."))


def _may_hook(asked: Asked, unit: str | None) -> bool:
    """Whether the caller keeps the hooks of a unit, or (None) those of all."""
    grants = grants_at(asked.grants, asked.world.rights_at)
    scope = asked.world.scope(unit) if unit is not None else ()
    admin = any(grant.role is Role.ADMIN and (grant.unit is None or grant.covers(scope)) for grant in grants)
    return admin or any(grant.role is Role.UNIT_HEAD and grant.unit == unit for grant in grants if unit is not None)


def _post(asked: Asked) -> str:
    """The unit that the caller heads."""
    grants = grants_at(asked.grants, asked.world.rights_at)
    unit = next((one.unit for one in grants if one.role is Role.UNIT_HEAD and one.unit), None)
    if unit is None:
        raise Forbidden
    return unit


def _check_host(world: World, url: str, pointer: str = "/url") -> None:
    parts, channels = cast(Url, read_url(url)), world[Channels]
    host = host_of(parts)
    alone = literal(host)
    addresses = [alone] if alone else channels.hosts.get(host, ())
    named = bool(addresses) and all(allowed(address, channels.named) for address in addresses)
    if not all(reachable(address, channels.named) for address in addresses):
        raise invalid(
            pointer, "địa chỉ này không ở mạng công cộng; hãy dùng địa chỉ công khai hoặc nhờ người vận hành cho phép",
            "leads to an address that is not global; use a public one, or ask the operator to allow it",
        )  # fmt: skip
    if parts.scheme != "https" and not named:
        raise invalid(pointer, "phải bắt đầu bằng https://", "must begin with https://")


def _added(
    asked: Asked, new: New, *, state: str = "registered", extra: Mapping[str, Any] | None = None,
    once: Mapping[str, Any] | None = None,
) -> Accepted:  # fmt: skip
    channels = asked.world[Channels]
    channels.new.append(new)
    channels.known[new.id] = channel = Channel(id=new.id, kind=new.kind, account=new.account, unit=new.unit)
    return _accepted(asked, channel, state, extra=extra, once=once)


def _accepted(
    asked: Asked, channel: Channel, state: str, *, extra: Mapping[str, Any] | None = None,
    once: Mapping[str, Any] | None = None,
) -> Accepted:  # fmt: skip
    return Accepted(
        account=asked.caller.account, role=grants_at(asked.grants, asked.world.rights_at)[0].role,
        quarter=quarter_of(local_date(asked.world.now)), unit=channel.unit or NO_UNIT, type="",
        subject=f"channel/{channel.id}", data={}, state=state, extra=extra or {}, once=once or {},
    )  # fmt: skip


def touch_new(needs: Needs, command: Command) -> None:
    """Need the addresses behind the host that a hook or a subscription names."""
    url = getattr(command.form, "url", None) or getattr(command.form, "endpoint", None)
    read = read_url(url) if url else None
    if read is not None and not literal(host := host_of(read)):
        needs.of(Hosts)[host] = None


def touch_old(needs: Needs, command: Command) -> None:
    """Need the channel that is changed."""
    needs.of(Channel)[command.parent] = None
