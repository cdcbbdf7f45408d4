"""The host names that the service answers to.

A page of another site can make its own name lead to this machine's address (DNS rebinding); the browser then lets it
speak to whatever answers there without a token, above all to services on the loopback. It cannot choose what stands in
the Host header: that is its own name. So names that are not ours are refused. Addresses need no list: a page whose
host is an address was served by that very address.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Misdirected
from app.http.answers import error_answer
from app.settings import Settings, listed
from app.text import quoted

_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^\s:/@\[\],]+))(?::[0-9]*)?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of the machine itself, which a public address of the service cannot have."""


class HostNames:
    """ASGI middleware: answers 421 to requests for another host."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        names = _names(settings)
        self._is_ours = lru_cache(1024)(lambda header: _is_one_of(names, header))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            given = next((value for name, value in scope["headers"] if name == b"host"), None)
            if given is not None and not self._is_ours(given):
                await error_answer(scope, _refusal(given))(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _refusal(given: bytes) -> Misdirected:
    shown = quoted(given.decode("latin-1"), 100)
    return Misdirected(
        f"{shown} is not a host of this service. Use the address in MODELYARD_URL, or have the operator name the host "
        "in MODELYARD_ALLOWED_HOSTS."
    )


def _names(settings: Settings) -> frozenset[str]:
    """The names that are ours; a listener for other machines is also reached by the name of this one."""
    names = {
        "localhost",
        (urlsplit(settings.url).hostname or "").lower(),
        *map(str.lower, listed(settings.allowed_hosts)),
    }
    if settings.host not in LOOPBACK:
        machine = socket.gethostname().lower()
        names |= {machine, f"{machine.partition('.')[0]}.local"}
    return frozenset(names - {""})


def _is_one_of(names: frozenset[str], header: bytes) -> bool:
    if "*" in names:
        return True
    host = _host(header.decode("latin-1"))
    if host is None:
        return False
    labels = host.split(".")
    below = {"*." + ".".join(labels[index:]) for index in range(1, len(labels))}
    return host in names or not names.isdisjoint(below) or _is_address(host)


def _host(header: str) -> str | None:
    """The host without its port, None for anything that is no host."""
    match = _HOST.fullmatch(header.strip().lower())
    return (match["six"] or match["name"]).removesuffix(".") if match else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
