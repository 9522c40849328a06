"""Whose a connection is: the address that limits are counted by. Pure."""

import ipaddress

_LONGEST = 45  # characters of any address


def counted(host: str | None) -> str:
    """The address that what a host does is counted under: of IPv6 the network, for one holder has all of it."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return (host or "")[:_LONGEST]
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
