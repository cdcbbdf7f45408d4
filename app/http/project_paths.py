"""Which project stands in `/api/v4/projects/<id or full path>/…`: its path as one segment, whose slashes are encoded.

A full path may also stand there as it is, as users paste it into a tracking URI: it has two segments at least, none of
them alone is a project, and it ends where calls of MLflow or of packages begin. Only a path that itself holds such a
beginning has to be written with `%2F`.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

_PREFIX = "/api/v4/projects/"
_MLFLOW = rb"ml/mlflow(?:/*|/+(?:api/\d\.\d|ajax-api|get-artifact|model-versions|version|health)(?:/.*)?)"
_PACKAGES = rb"packages/ml_models/[^/]+/files/.+"
_PLAIN = re.compile(rb"(?P<project>[^/]+(?:/[^/]+)+?)(?=/(?:%b|%b)\Z)" % (_MLFLOW, _PACKAGES), re.DOTALL)


class ProjectSegment:
    """ASGI middleware: servers decode `group%2Fproject` before routing; this encodes that one segment again.

    Routes then see it as one parameter, which ``urllib.parse.unquote`` turns into the full path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and raw.startswith(_PREFIX.encode()):
            segment, slash, rest = _parted(raw[len(_PREFIX) :].partition(b"?")[0])
            project = unquote_to_bytes(segment).decode(errors="replace")
            tail = unquote_to_bytes(rest).decode(errors="replace")
            scope["path"] = _PREFIX + quote(project, safe="") + slash.decode() + tail
        await self.app(scope, receive, send)


def _parted(path: bytes) -> tuple[bytes, bytes, bytes]:
    """The project, a slash, and what is asked of it."""
    first, slash, rest = path.partition(b"/")
    if first.isdigit() or b"%2f" in first.lower():
        return first, slash, rest
    found = _PLAIN.match(path)
    if found is None:
        return first, slash, rest
    return found["project"], b"/", path[found.end() + 1 :]
