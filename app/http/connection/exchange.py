"""Whether the client of a request has gone, which only the server knows."""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from starlette.types import Scope

_KEY = "modelyard.exchange"


class Exchange(Protocol):
    """A request and its answer, as the server keeps them."""

    disconnected: bool


def note(scope: Scope, exchange: Exchange) -> None:
    """Let the application ask :func:`has_left`. The exchange holds the scope, so the scope must not hold it."""
    scope.setdefault("extensions", {})[_KEY] = ref(exchange)


def has_left(scope: Scope) -> bool:
    """Whether the client has closed the connection, so that no answer would be read.

    Receiving would tell it, too, but would also tell a client that waits for that to send its body.
    """
    noted: ref[Exchange] | None = scope.get("extensions", {}).get(_KEY)
    exchange = None if noted is None else noted()
    return exchange is not None and exchange.disconnected
