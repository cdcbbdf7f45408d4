"""The least that a web server can do, the ceiling of all answers: ``uvicorn --workers 2 bench.limits.bare_app:app``."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_PAGE = b'{"runs": "' + b"x" * 250_000 + b'"}'
"""As large as a page of 100 candidates with ten metrics, ten params and five tags."""


async def echo(request: Request) -> Response:
    """Read JSON, answer JSON."""
    await request.json()
    return JSONResponse({})


async def page(_request: Request) -> Response:
    """A large answer that is there already."""
    return Response(_PAGE, media_type="application/json")


app = Starlette(routes=[Route("/echo", echo, methods=["POST"]), Route("/page", page)])
