"""Which addresses a server may call on somebody's word: global ones, and what the operator names. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from pydantic_core import Url

Network = IPv4Network | IPv6Network
_TRANSLATING = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


def networks(text: str) -> list[Network]:
    """The networks that a comma-separated list names."""
    return [ip_network(one.strip()) for one in text.split(",")] if text else []


def read_url(text: str) -> Url | None:
    """An http(s) address as browsers read it, with 0x7f.1 as 127.0.0.1; None for what is none or names a user."""
    try:
        url = Url(text)
    except ValueError:
        return None
    plain = url.scheme in ("http", "https") and url.host and not url.username and not url.password
    return url if plain and url.fragment is None and url.port else None


def host_of(url: Url) -> str:
    """The host, an address without its brackets."""
    return (url.host or "").strip("[]")


def literal(host: str) -> str | None:
    """The address that a URL's host is; None for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def allowed(address: str, named: Sequence[Network]) -> bool:
    """Whether the operator has named an address."""
    found = _plain(address)
    return any(found in network for network in named if network.version == found.version)


def reachable(address: str, named: Sequence[Network]) -> bool:
    """Whether an address may be called."""
    found = _plain(address)
    tunnelled = isinstance(found, IPv6Address) and any(found in network for network in _TRANSLATING)
    return allowed(address, named) or (found.is_global and not found.is_multicast and not tunnelled)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """The address itself, without a zone; of one written in another's clothes what it leads to."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
