"""One line in the log for every request: its caller, operation, project and result.

Never a body, a query string or a token: links carry permissions in their query, and documents hold values.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import structlog
from starlette.datastructures import State
from starlette.types import Scope

from app.access.policy import ANONYMOUS, Actor
from app.http.answers import edge_of

_SECRET = re.compile(r"\bmy[a-z]_[A-Za-z0-9_-]{16,}")
"""A token, a session or the secret of a one-time link."""
_MAX_VALUE = 300
"""Characters of a value that comes from a client."""
log = structlog.get_logger()


def write(scope: Scope, method: str, status: int, seconds: float) -> None:
    """The line of an HTTP request that has ended; ``status`` is 0 if the client left before there was any."""
    state = scope["state"]
    fields = _about(state.get("actor", ANONYMOUS), scope.get("path_params", {}))
    if "waited" in state:
        fields["waited_ms"] = _milliseconds(state["waited"])
    log.info(
        "request",
        edge=edge_of(scope).name,
        method=method,
        path=path_of(scope),
        operation=state.get("operation") or getattr(scope.get("route"), "path", None),
        status=status,
        ms=_milliseconds(seconds),
        **fields,
    )


def path_of(scope: Scope) -> str:
    """The path as it may be logged: without what follows where secrets stand in it."""
    path = str(scope["path"])
    # The table of edges counts slashes at the beginning as one, too.
    normal = f"/{path.lstrip('/')}"
    private = next((start for start in edge_of(scope).secret_below if normal.startswith(start)), None)
    if private is not None:
        return f"{private}…"
    # A link that was mistyped or cut is of no edge, and its secret is one all the same.
    return _SECRET.sub("…", path[:_MAX_VALUE])


def write_operation(state: State, actor: Actor, operation: str, seconds: float) -> None:
    """The line of an operation that came over a WebSocket, when it has ended."""
    fields = _about(actor, {})
    log.info("operation", request_id=state.request_id, operation=operation, ms=_milliseconds(seconds), **fields)


def _about(actor: Actor, parameters: dict[str, Any]) -> dict[str, object]:
    project: str | int | None = actor.project_boundary
    if actor.cache is not None and actor.cache.first is not None:
        project = actor.cache.first[1]
    elif "project" in parameters:
        project = unquote(str(parameters["project"]))[:_MAX_VALUE]
    return {"user": actor.username or None, "token": actor.token_id, "session": actor.session_id, "project": project}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
