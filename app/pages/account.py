"""A person's own account: where they are signed in, their tokens, their password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages import signing_in, templates


async def show(request: Request) -> Response:
    """All sections of one's own account."""
    signing_in.require(request)
    return templates.answer(request, "account.html")


routes = [Route("/account", show, methods=["GET"])]
