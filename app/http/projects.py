"""Keeps an encoded slash in `/api/v4/projects/<full path>/…` one segment of the path."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

_PREFIX = "/api/v4/projects/"


class ProjectSegment:
    """ASGI middleware: servers decode `group%2Fproject` before routing; this encodes that one segment again.

    Routes then see it as one parameter, which ``urllib.parse.unquote`` turns into the full path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and raw.startswith(_PREFIX.encode()):
            segment, slash, rest = raw[len(_PREFIX) :].partition(b"/")
            project = unquote_to_bytes(segment).decode(errors="replace")
            tail = unquote_to_bytes(rest.partition(b"?")[0]).decode(errors="replace")
            scope["path"] = _PREFIX + quote(project, safe="") + slash.decode() + tail
        await self.app(scope, receive, send)
