"""Addresses of clients, and the networks that they are counted by."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@lru_cache(1024)
def network_of(host: str) -> str:
    """A client's address; with IPv6 its network, of which one client has all addresses."""
    address = address_of(host)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return host if address is None else str(address)


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address, an IPv4 one also where it is written as IPv6; None for any other text."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inner or address
