"""Where no request goes, whoever asks for it: link-local addresses, at which clouds hand out the machine's own secrets.

Private ranges are the operator's choice, since local relays are common.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_ADDRESSES = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Metadata services of clouds that are not at a link-local address."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""IPv4 addresses as IPv6-only networks write them (RFC 6052)."""


def is_off_limits(host: str) -> bool:
    """Return True for a name or an address, however it is written, of a link-local or metadata service."""
    bare = host.strip("[]").partition("%")[0].rstrip(".").lower()
    if bare in _NAMES:
        return True
    address = _address(bare)
    return address is not None and any(each.is_link_local or each in _ADDRESSES for each in _meant(address))


async def addresses(host: str, port: int) -> list[str]:
    """Return the addresses that a host may be connected to, in the resolver's order.

    Those that are off limits are left out, so that no name leads to them either. Raises OSError when none is left.
    """
    if is_off_limits(host):
        raise OSError(f"{host} is a link-local or metadata address, which no request goes to")
    if (address := _address(host)) is not None:
        return [str(address)]
    loop = asyncio.get_running_loop()
    entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(address[0]) for *_, address in entries))
    allowed = [each for each in found if not is_off_limits(each)]
    if not allowed:
        raise OSError(
            f"{host} leads to a link-local or metadata address ({', '.join(found)}), which no request goes to"
        )
    return allowed


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text is, also in the short forms that resolvers take: 2852039166."""
    try:
        return ip_address(text)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):  # a name; ValueError for one that is not ASCII
        return None


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return an address and the IPv4 addresses that are hidden in it."""
    if isinstance(address, IPv4Address):
        return [address]
    hidden = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED or int(address) < 2**32:
        hidden.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *(each for each in hidden if each is not None)]
