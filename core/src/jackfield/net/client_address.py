"""Where a request comes from, for counting alone: no right comes from an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=16)
def networks(written: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks that addresses (`10.0.0.1`) and ranges (`10.0.0.0/8`) name. Raises ValueError."""
    return tuple(ip_network(each.strip(), strict=False) for each in written)


def caller(scope: Mapping[str, Any], trusted: tuple[str, ...] = ()) -> str:
    """Return the address of an ASGI request's client; "" when the server does not know it.

    `X-Forwarded-For` counts as far as it was written by proxies that the operator named: read from its end, the first
    address that is not one of theirs is the client's. Whatever stands before it the client may have made up.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if not trusted:
        return address
    ranges = networks(trusted)
    for hop in reversed(_forwarded(scope["headers"])):
        if not _within(address, ranges) or _address(hop) is None:
            break
        address = str(_address(hop))
    return address


def host_of(address: str) -> str:
    """Return what an address is counted as: an IPv6 address as its /64, which is what one host is given."""
    parsed = _address(address)
    if parsed is None:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    values = [str(value, "latin-1") for name, value in headers if name.lower() == b"x-forwarded-for"]
    return [hop for value in values for hop in value.split(",")]


def _address(text: str) -> Address | None:
    """Return the address in a text, which may have a port, brackets or a zone."""
    bare = text.strip().partition("%")[0]
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return ip_address(bare)
    except ValueError:
        return None


def _within(address: str, ranges: Iterable[Network]) -> bool:
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return parsed is not None and any(parsed in network for network in ranges)
