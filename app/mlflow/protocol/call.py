"""One call of an MLflow client: who asks, about which project, with which message; and how it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access import policy, projects
from app.access.policy import ANONYMOUS, Actor, Permission, ProjectAccess
from app.db.database import Database
from app.errors import Invalid, Unauthenticated
from app.mlflow.protocol import message as protocol_message
from app.mlflow.protocol.message import Message
from app.runtime import Runtime

Answer: TypeAlias = "dict[str, Any] | Response"
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Call:
    """Everything that a handler needs."""

    request: Request
    runtime: Runtime
    actor: Actor
    project: int | str
    message: Message

    @property
    def db(self) -> Database:
        return self.runtime.db

    def part(self, name: str) -> str:
        """A parameter in the path."""
        return str(self.request.path_params[name])

    async def access(self) -> ProjectAccess:
        """The project, if the actor may see it."""
        return await projects.get(self.db, self.actor, self.project)

    async def require_write(self) -> ProjectAccess:
        """Refuse those who may use the registry but not write to it as training code does (developer)."""
        access = await self.access()
        policy.require(self.actor, access, Permission.MLFLOW_WRITE)
        return access


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


def route(path: str, method: str, handler: Handler, *, developer: bool = False, raw: bool = False) -> Route:
    """A route that answers as MLflow clients expect.

    ``developer``: the use case itself asks for less than writing through MLflow does.
    ``raw``: the handler reads the body itself.
    """

    async def endpoint(request: Request) -> Response:
        call = await _call(request, raw=raw)
        if developer:
            await call.require_write()
        answer = await handler(call)
        return answer if isinstance(answer, Response) else success(answer)

    return Route(path, endpoint, methods=[method], name=f"mlflow {method} {path}")


def success(body: dict[str, Any]) -> Response:
    """200 with JSON: to these clients even 201 is a failure."""
    return Response(orjson.dumps(body), media_type="application/json")


async def _call(request: Request, *, raw: bool) -> Call:
    runtime: Runtime = request.app.state.runtime
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    if actor.is_anonymous:
        raise Unauthenticated(
            "MLflow calls need a token: set MLFLOW_TRACKING_TOKEN to one of yours (myt_…), "
            "or MLFLOW_TRACKING_PASSWORD if your client signs in with a user name."
        )
    project = _project(request, actor, runtime)
    message = Message({}) if raw else await protocol_message.read(request, runtime.settings.max_body_bytes)
    return Call(request, runtime, actor, project, message)


def _project(request: Request, actor: Actor, runtime: Runtime) -> int | str:
    text = request.path_params.get("project")
    if text is None:
        if actor.project_boundary is None:
            base = f"{runtime.settings.url}/api/v4/projects/<id or URL-encoded path>/ml/mlflow"
            raise Invalid(f"The token is not one of a project; set MLFLOW_TRACKING_URI to {base}.")
        return actor.project_boundary
    path = unquote(text)
    return int(path) if path.isascii() and path.isdecimal() and len(path) <= _MAX_DIGITS else path
