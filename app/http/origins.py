"""Pages of other origins that the operator has named may use the paths that an edge opens to them (CORS, Fetch §3.3).

They send a token of their own: no answer allows credentials, and none allows every origin.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.answers import edge_of
from app.settings import Settings, listed

_METHODS = "GET, HEAD, POST, PUT"
_HEADERS = "Authorization, *"
"""The wildcard stands for all but Authorization (Fetch §4.10)."""
_EXPOSED = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After, X-Request-Id"
_MAX_AGE = "600"


class Origins:
    """ASGI middleware: answers preflights, and lets pages of the named origins read answers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._origins = {origin.lower().encode() for origin in listed(settings.graphql_origins)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = edge_of(scope).cross_origin
        if scope["type"] != "http" or opened is None or not opened.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"origin"]
        is_named = len(given) == 1 and given[0].lower() in self._origins
        if is_named and scope["method"] == "OPTIONS" and _asks_first(scope):
            await _preflight(given[0])(scope, receive, send)
            return
        added = _for(given[0]) if is_named else []

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*_varying(message["headers"]), *added]}
            await send(message)

        await self.app(scope, receive, send_open)


def _asks_first(scope: Scope) -> bool:
    return any(name == b"access-control-request-method" for name, _ in scope["headers"])


def _preflight(origin: bytes) -> Response:
    headers = {
        "Access-Control-Allow-Origin": origin.decode("latin-1"),
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": _MAX_AGE,
        "Cache-Control": "no-store",
        "Vary": "Origin",
    }
    return Response(None, 204, headers)


def _for(origin: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED.encode())]


def _varying(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The same answer to another origin has other headers, or none of these."""
    others = [(name, value) for name, value in headers if name != b"vary"]
    given = [value for name, value in headers if name == b"vary"]
    return [*others, (b"vary", b", ".join([*given, b"Origin"]))]
