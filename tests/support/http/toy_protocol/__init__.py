"""A protocol of its own package, as a new one would be: its routes, its errors, its challenge."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.access import projects
from app.errors import ModelyardError, TooLarge
from app.http.answers import status_of
from app.http.edge import Edge, ProjectRoutes


async def hello(request: Request) -> Response:
    """Greets the caller by name."""
    if len(await request.body()) > 1_000:
        raise TooLarge
    return PlainTextResponse(f"hello {request.state.actor.username}")


async def project_name(request: Request) -> Response:
    """The full path of a project that the caller may see."""
    text = unquote(request.path_params["project"])
    reference = int(text) if text.isdecimal() else text
    access = await projects.get(request.app.state.runtime.db, request.state.actor, reference)
    return PlainTextResponse(access.project.full_path)


def _error_answer(error: ModelyardError) -> Response:
    return PlainTextResponse(f"{error.code} {error.message}", status_of(error))


EDGE = Edge(
    "toy",
    [Route("/toy/hello", hello, methods=["GET", "POST"])],
    _error_answer,
    'Toy realm="toys"',
    paths=("/toy",),
    below_project=ProjectRoutes("/toy", [Route("/name", project_name)], tail="toy/name"),
)
