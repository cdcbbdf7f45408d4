"""Signing in with name and password, and signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.access import sessions
from app.pages import forms, signing_in, templates
from app.runtime import Runtime


async def show(request: Request) -> Response:
    """The form; who is signed in goes on at once."""
    return_to = signing_in.own_path(request.query_params.get("return_to", signing_in.START))
    if request.state.actor.session_id is not None:
        return RedirectResponse(return_to, 303, {"Cache-Control": "no-store"})
    return templates.answer(request, "sign_in.html", return_to=return_to)


async def sign_out(request: Request) -> Response:
    """End the session of this browser."""
    runtime: Runtime = request.app.state.runtime
    await forms.read(request)
    if request.state.actor.session_id is not None:
        await sessions.end(runtime.db, request.state.actor)
    return signing_in.signed_out(request)


routes = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]
