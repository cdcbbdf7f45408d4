"""The client's address and scheme behind reverse proxies (X-Forwarded-For, X-Forwarded-Proto).

Only proxies that the operator has named are believed, from the last one backwards; X-Forwarded-Host never is.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_network

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.authentication.networks import address_of, network_of
from app.settings import Settings, listed

_SECURE = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}


class Proxies:
    """ASGI middleware: puts the client's own address and scheme into the scope."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        networks = [ip_network(network) for network in listed(settings.trusted_proxies)]
        self._is_trusted = lru_cache(1024)(
            lambda text: (
                (address := address_of(text)) is not None
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
            address = address_of(_without_port(text.strip()))
            if address is None:
                return
            scope["client"] = (str(address), 0)
            if not self._is_trusted(str(address)):
                return


def counted(connection: HTTPConnection) -> str:
    """What a client without a token is counted as."""
    return network_of(connection.client.host if connection.client else "")


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
