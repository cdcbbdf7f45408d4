"""The client's address and scheme behind reverse proxies (X-Forwarded-For, X-Forwarded-Proto).

Only proxies that the operator has named are believed, from the last one backwards; X-Forwarded-Host never is.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings, listed

_SECURE = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


class Proxies:
    """ASGI middleware: puts the client's own address and scheme into the scope."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        networks = [ip_network(network) for network in listed(settings.trusted_proxies)]
        self._is_trusted = lru_cache(1024)(
            lambda text: (
                (address := _address(text)) is not None
                and any(address.version == network.version and address in network for network in networks)
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and scope.get("client") and self._is_trusted(scope["client"][0]):
            self._read(scope)
        await self.app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        protocol = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        if len(protocol) == 1:
            scope["scheme"] = _SECURE[scope["type"]].get(protocol[0].strip().lower(), scope["scheme"])
        given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for text in reversed(given.decode("latin-1").split(",")):
            address = _address(_without_port(text.strip()))
            if address is None:
                return
            scope["client"] = (str(address), 0)
            if not self._is_trusted(str(address)):
                return


def counted(connection: HTTPConnection) -> str:
    """What a client without a token is counted as."""
    return network_of(connection.client.host if connection.client else "")


@lru_cache(1024)
def network_of(host: str) -> str:
    """A client's address; with IPv6 its network, of which one client has all addresses."""
    address = _address(host)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return host if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inner or address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
